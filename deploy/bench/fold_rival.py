"""The same as fold_bench in NumPy, which computes on one thread: a loop over the updates, added in double as ours, and
added in single precision as federated averaging is usually written.
  fold_rival.py [UPDATES] [ELEMENTS] [PASSES]
"""
import sys
import time

import numpy as np

updates_count, elements, passes = (int(a) for a in (sys.argv[1:] + ["50", "10000000", "5"][len(sys.argv) - 1:]))
draw = np.random.default_rng(0)
updates = [draw.uniform(-1, 1, elements).astype(np.float32) for _ in range(updates_count)]
weights = [1.0 / (k + 50) for k in range(updates_count)]
for dtype in (np.float64, np.float32):
    best = float("inf")
    for _ in range(passes):
        begin = time.perf_counter()
        total = np.zeros(elements, dtype)
        for weight, update in zip(weights, updates):
            total += weight * update.astype(dtype, copy=False)
        best = min(best, time.perf_counter() - begin)
    print(f"{updates_count} updates x {elements} f32, NumPy {np.__version__} in {np.dtype(dtype).name}: {best:.3f} s "
          f"({updates_count * elements * 4 / best / 1e9:.1f} GB/s)")
