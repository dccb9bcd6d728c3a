"""Golden values of models, gradients and a training run, by transformers, peft and torch.

Recipe: python make.py MINILM_DIRECTORY, with torch 2.15, transformers 5.23 and peft 0.21.
Writes beside itself: tiny-bert/, tiny-roberta/ (random weights), *.safetensors with inputs,
adapters, logits and gradients, and minilm.safetensors for the pretrained model.
"""
import json
import pathlib
import sys

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import (BertConfig, BertForSequenceClassification, RobertaConfig,
                          RobertaForSequenceClassification, AutoModelForSequenceClassification, AutoTokenizer)

here = pathlib.Path(__file__).parent
LABELS, RANK, SCALE = 5, 4, 1.5


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, p in sorted(model.named_parameters()):
        p.data = torch.randn(p.shape, generator=generator) * 0.2 + (1.0 if name.endswith("LayerNorm.weight") else 0.0)


def inputs(vocabulary, lengths, types, pad, seed):
    generator = torch.Generator().manual_seed(seed)
    rows = [torch.randint(5, vocabulary, (n,), generator=generator) for n in lengths]
    kinds = [(torch.arange(n) >= n // 2).long() if types > 1 else torch.zeros(n, dtype=torch.long) for n in lengths]
    longest = max(lengths)
    ids = torch.stack([torch.nn.functional.pad(r, (0, longest - len(r)), value=pad) for r in rows])
    type_ids = torch.stack([torch.nn.functional.pad(k, (0, longest - len(k))) for k in kinds])
    mask = torch.stack([torch.nn.functional.pad(torch.ones(len(r), dtype=torch.long), (0, longest - len(r))) for r in rows])
    labels = torch.randint(0, LABELS, (len(lengths),), generator=generator)
    flat = {"ids": torch.cat(rows), "type_ids": torch.cat(kinds), "labels": labels,
            "offsets": torch.tensor([0] + list(torch.tensor(lengths).cumsum(0)))}
    return flat, dict(input_ids=ids, token_type_ids=type_ids, attention_mask=mask), labels


def adapters(model, targets, seed):
    generator = torch.Generator().manual_seed(seed)
    values = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and name.split(".")[-1] in targets and "encoder" in name:
            values[name + ".lora_A"] = torch.randn(RANK, module.in_features, generator=generator) * 0.3
            values[name + ".lora_B"] = torch.randn(module.out_features, RANK, generator=generator) * 0.3
            values[name + ".lora_R"] = torch.randn(RANK, RANK, generator=generator) * 0.3
    return values


class Sandwich(torch.nn.Module):
    def __init__(self, base, b, r, a):
        super().__init__()
        self.base, self.b, self.a, self.r = base, b, a, torch.nn.Parameter(r.clone())

    def forward(self, x):
        return self.base(x) + SCALE * x @ self.a.T @ self.r.T @ self.b.T


def head_names(model):
    return [n for n, _ in model.named_parameters() if n.startswith("classifier")]


def gradients(model, batch, labels, wanted):
    model.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(**batch).logits, labels)
    loss.backward()
    return {name: p.grad.clone() for name, p in wanted(model)}


def tiny(name, config_class, model_class, seed, **extra):
    config = config_class(vocab_size=97, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
                          max_position_embeddings=140, num_labels=LABELS, **extra)
    base = model_class(config)
    randomise(base, seed)
    base.eval()
    directory = here / name
    base.save_pretrained(directory)
    (directory / "tokenizer.json").write_text(json.dumps({"version": "1.0", "note": "ids are given"}))
    flat, batch, labels = inputs(97, [7, 3, 1, 12, 80, 66, 5, 9], config.type_vocab_size, config.pad_token_id, seed + 1)
    out = dict(flat)
    out["logits"] = base(**batch).logits.detach()
    for n in head_names(base):
        out["head." + n] = base.get_parameter(n).detach().clone()
    values = adapters(base, ["query", "value", "dense"], seed + 2)
    out |= {"adapter." + n: v for n, v in values.items()}
    modules = sorted({n.rsplit(".", 1)[0] for n in values})
    # LoRA, both factors trained, by peft; frozen A has the same gradient for B.
    fresh = model_class(config)
    fresh.load_state_dict(base.state_dict())
    fresh.eval()
    peft_model = get_peft_model(fresh, LoraConfig(r=RANK, lora_alpha=SCALE * RANK, target_modules=modules, lora_dropout=0.0))
    peft_model.eval()
    for n, p in peft_model.named_parameters():
        if "lora_" in n:
            module = n.removeprefix("base_model.model.").split(".lora_")[0]
            p.data = values[module + (".lora_A" if "lora_A" in n else ".lora_B")].clone()
        p.requires_grad_("lora_" in n or "classifier" in n)
    out["logits_lora"] = peft_model(**batch).logits.detach()
    for n, g in gradients(peft_model, batch, labels, lambda m: [(n, p) for n, p in m.named_parameters() if p.requires_grad]).items():
        n = n.removeprefix("base_model.model.").removesuffix(".default.weight")
        out["grad_lora." + n] = g
    # Twenty steps of AdamW over the whole batch.
    optimizer = torch.optim.AdamW([p for p in peft_model.parameters() if p.requires_grad], lr=5e-3, weight_decay=0.01)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(peft_model(**batch).logits, labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    out["adamw_losses"] = torch.tensor(losses, dtype=torch.float64)
    # The sandwich.
    fresh = model_class(config)
    fresh.load_state_dict(base.state_dict())
    fresh.eval()
    for module in modules:
        parent = fresh.get_submodule(module.rsplit(".", 1)[0])
        leaf = module.rsplit(".", 1)[1]
        setattr(parent, leaf, Sandwich(getattr(parent, leaf), values[module + ".lora_B"], values[module + ".lora_R"], values[module + ".lora_A"]))
    out["logits_sandwich"] = fresh(**batch).logits.detach()
    wanted = lambda m: [(n, p) for n, p in m.named_parameters() if n.endswith(".r") or n.startswith("classifier")]
    for n, g in gradients(fresh, batch, labels, wanted).items():
        out["grad_sandwich." + (n.removesuffix(".r") + ".lora_R" if n.endswith(".r") else n)] = g
    # The dense weights' summed gradients at the base model.
    dense = gradients(base, batch, labels, lambda m: [(n, p) for n, p in m.named_parameters() if n.removesuffix(".weight") in modules])
    out |= {"grad_dense." + n.removesuffix(".weight"): g * len(labels) for n, g in dense.items()}
    save_file({k: v.contiguous() for k, v in out.items()}, here / f"{name}.safetensors")


def minilm(directory):
    texts = [line for line in TEXTS.strip().splitlines()]
    texts = [f"{a}, {b}" if i % 2 else f"{b} for {a}" for i, (a, b) in enumerate((x, y) for x in texts for y in texts[::-1])][:64]
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForSequenceClassification.from_pretrained(directory, num_labels=27, attn_implementation="eager")
    generator = torch.Generator().manual_seed(3)
    model.classifier.weight.data = torch.randn(27, 384, generator=generator) * 0.3
    model.classifier.bias.data = torch.randn(27, generator=generator) * 0.3
    model.eval()
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    out = {"logits": model(**batch).logits.detach(), "head.classifier.weight": model.classifier.weight.data,
           "head.classifier.bias": model.classifier.bias.data,
           "ids": torch.cat([r[m.bool()] for r, m in zip(batch.input_ids, batch.attention_mask)]),
           "offsets": torch.tensor([0] + list(batch.attention_mask.sum(1).cumsum(0)))}
    save_file({k: v.contiguous() for k, v in out.items()}, here / "minilm.safetensors")
    (here / "minilm.txt").write_text("\n".join(texts) + "\n")


TEXTS = """
tool to convert between image formats
Perl module for parsing configuration files
development headers of a matrix library
small daemon that watches directories
fonts with wide coverage of scripts
documentation of the build system
server for the naïve Gopher protocol
Haskell bindings, profiling libraries
set of 3-D games
"""

torch.manual_seed(0)
tiny("tiny-bert", BertConfig, BertForSequenceClassification, 11, type_vocab_size=2)
tiny("tiny-roberta", RobertaConfig, RobertaForSequenceClassification, 12, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5)
minilm(sys.argv[1])
for file in here.rglob("*.safetensors"):  # which that package makes for its owner alone
    file.chmod(0o644)
