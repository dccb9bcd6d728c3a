"""Does `tributary predict` give the logits that PEFT gives, and a merged export those of a plain model?

    python tests/e2e/peft_agrees.py PROGRAM MODEL_DIR RUN_DIR TEXTS

needs transformers and peft (checked with 5.23 and 0.21). TEXTS is a JSONL file with a "text" column;
its first 100 rows are compared, to 1e-4. Exits with 1 and says where if they differ, or if loading
the adapter warns.
"""
import json
import logging
import pathlib
import subprocess
import sys
import tempfile
import warnings

import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline
from transformers.utils import logging as transformers_logging

program, base, run, data = sys.argv[1:5]
LIMIT = 1e-4


class Kept(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def predict(texts, *arguments):
    lines = "".join(json.dumps({"text": t}) + "\n" for t in texts)
    done = subprocess.run([program, "predict", "--format", "json", "--text", "text", *arguments], input=lines, text=True,
                          capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def logits_of(model, tokenizer, texts, length):
    inputs = tokenizer(texts, truncation=True, max_length=length, padding=True, return_tensors="pt")
    with torch.no_grad():
        return model(**inputs).logits


def compare(what, predictions, logits):
    ours = torch.tensor([p["logits"] for p in predictions])
    assert ours.shape == logits.shape, (what, ours.shape, logits.shape)
    worst = (ours - logits).abs().max().item()
    print(f"{what}: {len(ours)} texts, {ours.shape[1]} labels, largest difference {worst:.2e}")
    return worst <= LIMIT


def check_adapter(adapter, texts):
    facts = json.loads((adapter / "tributary.json").read_text())
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=len(facts["labels"]))
    kept = Kept()
    transformers_logging.set_verbosity_warning()
    for name in ("peft", "transformers"):
        logging.getLogger(name).addHandler(kept)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = PeftModel.from_pretrained(model, adapter).eval()
    # What one library's release deprecates in the other says nothing about the adapter.
    said = [line for line in kept.lines + [str(w.message) for w in caught] if "is deprecated" not in line]
    transformers_logging.set_verbosity_error()
    for line in said:
        print("warning while loading the adapter:", line)
    ours = predict(texts, "--model", base, "--adapter", str(adapter))
    return compare(f"PEFT, {adapter.name}", ours, logits_of(model, AutoTokenizer.from_pretrained(adapter), texts, facts["max_length"])) and not said


def check_merged(merged, texts):
    facts = json.loads((merged / "tributary.json").read_text())
    model = AutoModelForSequenceClassification.from_pretrained(merged).eval()
    tokenizer = AutoTokenizer.from_pretrained(merged)
    ours = predict(texts, "--model", str(merged))
    good = compare("merged model", ours, logits_of(model, tokenizer, texts, facts["max_length"]))
    answers = pipeline("text-classification", model=model, tokenizer=tokenizer)(texts, truncation=True, max_length=facts["max_length"])
    same = sum(a["label"] == o["label"] for a, o in zip(answers, ours))
    print(f"pipeline: {same} of {len(texts)} labels agree, for example {answers[0]['label']!r}")
    return good and same == len(texts)


transformers_logging.disable_progress_bar()
transformers_logging.set_verbosity_error()  # a base without a classifier: it says so at length
with open(data, encoding="utf-8") as rows:
    texts = [json.loads(row)["text"] for row, _ in zip(rows, range(100))]
with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    good = check_adapter(pathlib.Path(run) / "adapter", texts)
    for name, flags in {"portable": ["--portable"], "cut": ["--rank", "2"], "merged": ["--merge"]}.items():
        subprocess.run([program, "export", run, "--out", str(scratch / name), "--model", base, *flags], check=True)
    good = check_adapter(scratch / "portable", texts) and good
    good = check_adapter(scratch / "cut", texts) and good
    good = check_merged(scratch / "merged", texts) and good
sys.exit(0 if good else 1)
