"""Checks the exported adapters beside this file with peft, and writes one of peft's own.

  TRIBUTARY_WRITE_GOLDEN=1 build/release/tributary_adapter_test --gtest_filter='*Golden*'   # our files
  python tests/data/golden/peft/check.py          # loads them: no warning, the right change
  python tests/data/golden/peft/check.py --write  # also writes from-peft/

Passed with peft 0.9.0, 0.11.1, 0.14.0 and 0.21.2 (torch 2.15); before 0.9.0 peft knows no use_dora.
"""

import json
import math
import pathlib
import sys
import tempfile
import warnings

import peft
import torch
from safetensors.torch import load_file, save_file
from torch import nn

HERE = pathlib.Path(__file__).parent
QUERY = "bert.encoder.layer.0.attention.self.query"
OUTPUT = "bert.encoder.layer.1.output.dense"


def exact(rows, cols, key):
    """The values of peft_test.cc."""
    return torch.tensor([((i * 7 + key * 5) % 23 - 11) / 16 for i in range(rows * cols)]).reshape(rows, cols)


class Config:
    """The least that peft asks of a model's config."""

    model_type = "tiny"

    def to_dict(self):
        return {"model_type": "tiny"}

    def get(self, key, default=None):
        return self.to_dict().get(key, default)


class Tiny(nn.Module):
    """Only the module paths matter."""

    def __init__(self):
        super().__init__()
        self.config = Config()
        linears = {QUERY: (6, 8), OUTPUT: (5, 12), "bert.pooler.dense": (6, 6), "classifier": (3, 6)}
        for path, (out, inputs) in linears.items():
            at = self
            *parents, leaf = path.split(".")
            for name in parents:
                if name not in dict(at.named_children()):
                    at.add_module(name, nn.Module())
                at = getattr(at, name)
            at.add_module(leaf, nn.Linear(inputs, out))

    def forward(self, input_ids=None, **kwargs):
        return input_ids

    def prepare_inputs_for_generation(self, *args, **kwargs):
        return {}


def changes(model, name="default"):
    """Module path to what the adapter adds to the weight."""
    return {
        path.removeprefix("base_model.model."): module.get_delta_weight(name).detach().contiguous()
        for path, module in model.named_modules()
        if hasattr(module, "get_delta_weight")
    }


def check(name, rank):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = peft.PeftModel.from_pretrained(Tiny(), str(HERE / name))
    found = changes(model)
    expected = {
        QUERY: 2 * exact(6, 2, 1) @ exact(2, 8, 2),
        OUTPUT: 2 * exact(5, rank, 3) @ exact(rank, 12, 4),
    }
    assert found.keys() == expected.keys(), found.keys()
    for path, value in expected.items():
        assert torch.allclose(found[path], value, rtol=0, atol=1e-6), path
    classifier = model.base_model.model.classifier
    assert torch.equal(classifier.modules_to_save["default"].weight, exact(3, 6, 5))
    state = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
    assert state.keys() == load_file(HERE / name / "adapter_model.safetensors").keys()
    print(f"{name}: peft {peft.__version__} agrees")


def write():
    torch.manual_seed(0)
    config = peft.LoraConfig(
        task_type="SEQ_CLS", r=3, lora_alpha=5, use_rslora=True, target_modules=r".*\.(query|output\.dense)",
        rank_pattern={"query": 2}, alpha_pattern={"layer.1.output.dense": 7})
    model = peft.get_peft_model(Tiny(), config)
    for name, value in model.named_parameters():
        if "lora_" in name or "modules_to_save" in name:
            value.data.normal_()
    directory = HERE / "from-peft"
    with tempfile.TemporaryDirectory() as scratch:
        model.save_pretrained(scratch)
        directory.mkdir(exist_ok=True)
        for file in ("adapter_config.json", "adapter_model.safetensors"):
            (directory / file).write_bytes((pathlib.Path(scratch) / file).read_bytes())
    delta = changes(model)
    assert math.isclose(model.base_model.model.bert.encoder.layer._modules["1"].output.dense.scaling["default"], 7 / math.sqrt(3))
    delta["classifier.weight"] = model.base_model.model.classifier.modules_to_save["default"].weight.detach()
    save_file(delta, directory / "delta.safetensors")
    print(json.loads((directory / "adapter_config.json").read_text())["peft_version"], "wrote from-peft")


if "--write" in sys.argv:
    write()
check("plain", 2)
check("mixed", 4)
check("portable", 4)
