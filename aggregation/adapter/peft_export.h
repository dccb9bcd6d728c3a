#pragma once
// adapter_config.json and adapter_model.safetensors as the PEFT library writes them: metadata
// exactly
// {"format":"pt"}, keys base_model.model.<module>.lora_A.weight / lora_B.weight and
// base_model.model.<head tensor>. No path, time or host name is in them; equal adapters give equal
// bytes. Layers of unequal rank or scale become rank_pattern and alpha_pattern.

#include <filesystem>

#include "aggregation/adapter/peft.h"

namespace tributary::adapter {

struct PeftOptions {
  std::string base_model;  // base_model_name_or_path; empty: null
  std::string task_type = "SEQ_CLS";
  double dropout = 0;
  int64_t rank = 0;       // layers above it are cut to it by SVD; 0: exact
  bool portable = false;  // one rank by zero-padding, scale folded into lora_B, alpha = r, no
                          // patterns: read alike by PEFT, vLLM and llama.cpp's converter
};

struct PeftFiles {
  std::string config;           // adapter_config.json
  TensorMap tensors;            // adapter_model.safetensors
  double truncation_error = 0;  // |cut off| / |whole change| over all layers; 0 if nothing was cut
};

PeftFiles ExportPeft(const PeftAdapter& adapter, const PeftOptions& options);
Status WritePeft(const std::filesystem::path& directory, const PeftFiles& files);

}  // namespace tributary::adapter
