"""Writes f1.json: scikit-learn's macro-F1 and accuracy of random predictions, absent classes included.

Usage: python make.py   (in this folder; needs scikit-learn, made with 1.9.1)
"""
import json
import random
import warnings

from sklearn.metrics import accuracy_score, f1_score

warnings.simplefilter("ignore")  # absent classes are meant
random.seed(7)
cases = []
for classes, rows in [(2, 1), (2, 9), (3, 4), (5, 3), (5, 40), (27, 12), (27, 300), (40, 25)]:
    used = random.sample(range(classes), max(1, classes - random.randrange(classes)))
    truth = [random.choice(used) for _ in range(rows)]
    predicted = [t if random.random() < 0.4 else random.randrange(classes) for t in truth]
    cases.append({
        "classes": classes, "truth": truth, "predicted": predicted,
        "accuracy": accuracy_score(truth, predicted),
        "macro_f1": f1_score(truth, predicted, labels=list(range(classes)), average="macro"),
    })
with open("f1.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
