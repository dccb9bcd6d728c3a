"""The same training by transformers + peft, padded to the longest text of each batch.

Usage: training_rival.py MODEL_DIR TEXT_FILE [--length N] [--steps N] [--threads N]
"""
import argparse
import json
import random
import resource
import time

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("text")
parser.add_argument("--length", type=int, default=0)
parser.add_argument("--steps", type=int, default=40)
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer

torch.set_num_threads(args.threads)
tokenizer = AutoTokenizer.from_pretrained(args.model)
model = AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=27)
model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules=["query", "value"], lora_dropout=0.0))
model.eval()  # dropout off, as in the other program
with open(args.text, encoding="utf-8") as f:
    texts = [line.rstrip("\n") for line in f]
rows = []
for text in texts:
    ids = tokenizer(text, truncation=True, max_length=args.length or 128)["input_ids"]
    if not args.length or len(ids) == args.length:
        rows.append(ids)
random.Random(0).shuffle(rows)  # batches are drawn at random, as in training
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0)


def step(begin):
    chosen = [rows[(begin + i) % len(rows)] for i in range(32)]
    batch = tokenizer.pad({"input_ids": chosen}, return_tensors="pt")
    labels = torch.tensor([(begin + i) % 27 for i in range(32)])
    optimizer.zero_grad()
    loss = model(**batch, labels=labels).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return sum(len(ids) for ids in chosen)


if args.steps > 1:
    for i in range(3):
        step(32 * i)
began = time.perf_counter()
tokens = sum(step(32 * i) for i in range(args.steps))
took = time.perf_counter() - began
print(json.dumps({"examples_per_second": round(32 * args.steps / took, 1), "tokens_per_second": round(tokens / took),
                  "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
