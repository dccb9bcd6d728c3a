"""Writes hostile.csv and hostile.jsonl: the same rows by Python's csv and json modules.

Usage: python make.py   (in this folder; standard library only)
"""
import csv
import json
import random

random.seed(20261)
PIECES = ['"', '""', ",", "\n", "\r\n", "\r", "\t", " ", ";", "'", "\\", "\\n", "a", "Zebra", "ß", "日本",
          "👩‍🚀", "é", "\u2028", "\u0085", "0", "-1.5", "null", "{}", "#"]
COLUMNS = ["text", "label, with comma", 'quo"ted', "client"]


def cell():
    return "".join(random.choice(PIECES) for _ in range(random.randrange(6)))


rows = [[cell() for _ in COLUMNS] for _ in range(400)]
rows.append(["", "", "", ""])
with open("hostile.csv", "w", newline="", encoding="utf-8") as f:
    writer = csv.writer(f)  # RFC 4180: CRLF between records
    writer.writerow(COLUMNS)
    writer.writerows(rows)
with open("hostile.jsonl", "w", encoding="utf-8") as f:
    for i, row in enumerate(rows):
        f.write(json.dumps(dict(zip(COLUMNS, row)), ensure_ascii=i % 2 == 0) + "\n")
