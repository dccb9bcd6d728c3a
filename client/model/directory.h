#pragma once
// A model directory as the Hugging Face Hub lays it out: config.json, tokenizer.json and
// model.safetensors, or shards named by model.safetensors.index.json.

#include <functional>
#include <memory>

#include "aggregation/base/digest.h"
#include "aggregation/tensor/safetensors.h"
#include "client/model/family.h"

namespace tributary::model {

struct Directory {
  std::filesystem::path path;
  std::vector<std::string> files;  // what it is read from: config.json, tokenizer.json, the weights
  const Family* family = nullptr;
  Config config;
  // SHA-256 over config.json, tokenizer.json and every weight by name, dtype, shape and bytes.
  Digest digest;
  TensorViewMap weights;  // by classification-model name; views into `file`
  TensorViewMap head;     // a classifier that the weights hold too; else empty. Not in the digest
  std::shared_ptr<const SafetensorsReader> file;
};

// Looks at tokenizer.json in between, at what this folder knows nothing of.
using TokenizerCheck =
    std::function<Status(const std::filesystem::path& tokenizer_json, const Config& config)>;

// Checks config.json, tokenizer.json (that it is there, then by `check` if there is one) and the
// weights, in this order; every fault names file and value: missing tensors, shapes that disagree
// with config.json, NaN or infinity.
Result<Directory> OpenDirectory(const std::filesystem::path& path,
                                const TokenizerCheck& check = {});

}  // namespace tributary::model
