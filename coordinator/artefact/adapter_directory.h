#pragma once
// The adapter as a directory that any serving stack loads: PEFT's two files, the tokenizer's files,
// tributary.json (labels, max_length, digests, provenance, privacy statement) and a model card. No
// local path, time or host name is in it.

#include "aggregation/adapter/peft_export.h"
#include "aggregation/strategy/state.h"
#include "client/model/directory.h"
#include "coordinator/config/config.h"
#include "coordinator/report/provenance.h"

namespace tributary::artefact {

using report::Provenance;

// What `predict` and `evaluate` read of tributary.json.
struct AdapterFacts {
  std::vector<std::string> labels;
  int64_t max_length = 128;
  std::string base_digest;
  bool pair = false;
};
Result<AdapterFacts> ReadAdapterFacts(const std::filesystem::path& directory);

// Writes the directory anew. Returns the truncation error (0 if exact).
Result<double> WriteAdapterDirectory(const std::filesystem::path& directory,
                                     const adapter::PeftAdapter& adapter,
                                     const config::Config& config, const model::Directory& base,
                                     const Provenance& provenance, adapter::PeftOptions options);

// The whole classification model with the adapter in its weights, f32, as transformers reads it:
// model.safetensors, config.json with the labels, the tokenizer's files, tributary.json.
Status WriteMergedDirectory(const std::filesystem::path& directory,
                            const strategy::AdapterSpec& spec, const TensorMap& state,
                            const config::Config& config, const model::Directory& base,
                            const Provenance& provenance);

}  // namespace tributary::artefact
