"""The same as tokenizer_bench, by Hugging Face's `tokenizers` on one thread.
  tokenizer_rival.py TOKENIZER_JSON TEXT_FILE [PASSES]
"""
import json
import os
import sys
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Tokenizer  # noqa: E402

tokenizer = Tokenizer.from_file(sys.argv[1])
tokenizer.no_padding()
tokenizer.no_truncation()
with open(sys.argv[2], encoding="utf-8", errors="replace", newline="\n") as file:
    lines = [line.rstrip("\n") for line in file]
best, tokens = float("inf"), 0
for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 5):
    begin = time.perf_counter()
    tokens = sum(len(encoding) for encoding in tokenizer.encode_batch_fast(lines))
    best = min(best, time.perf_counter() - begin)
print(json.dumps({"lines": len(lines), "tokens": tokens, "lines_per_second": round(len(lines) / best),
                  "tokens_per_second": round(tokens / best)}))
