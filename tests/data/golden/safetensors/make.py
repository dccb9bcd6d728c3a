"""Golden files of the reference package (safetensors 0.8.0, torch): run `python make.py` here.
Every tensor's element i is (i - 3) / 2, integers 7 i - 5, so that the test can make the same."""
import json
import torch
from safetensors.torch import save_file


def values(dtype, *shape):
    count = 1
    for d in shape:
        count *= d
    index = torch.arange(count, dtype=torch.float64)
    flat = 7 * index - 5 if dtype == torch.int64 else (index - 3) / 2
    return flat.to(dtype).reshape(shape)


TYPES = {"f32": torch.float32, "f64": torch.float64, "bf16": torch.bfloat16, "f16": torch.float16, "i64": torch.int64}

save_file({}, "empty.safetensors")
save_file({f"{part}.{name}": values(dtype, 3, 5) for part in "ba" for name, dtype in TYPES.items()},
          "types.safetensors", {"format": "pt"})
save_file({"scalar": values(torch.float32), "none": values(torch.float32, 0), "no rows": values(torch.float16, 0, 7),
           "vector": values(torch.bfloat16, 1), "deep": values(torch.float64, 2, 1, 3, 1, 2)}, "shapes.safetensors")
save_file({"quote \" slash / back \\": values(torch.float32, 1), "tab\t line\n bell\u0007 delete\u007f": values(torch.float32, 2),
           "Ünïcode 漢字 😀": values(torch.float32, 3), "": values(torch.float32, 4)},
          "names.safetensors", {"a \"key\"\n": "välue \u0001 \\"})

shards = {"model-00001-of-00002.safetensors": {"layer.0.weight": values(torch.float32, 2, 2), "layer.1.weight": values(torch.bfloat16, 4)},
          "model-00002-of-00002.safetensors": {"layer.2.weight": values(torch.float32, 3)}}
for file, tensors in shards.items():
    save_file(tensors, file, {"format": "pt"})
with open("model.safetensors.index.json", "w") as out:
    json.dump({"metadata": {"total_size": 36}, "weight_map": {name: file for file, tensors in shards.items() for name in tensors}},
              out, indent=2)
