#pragma once
// The post-norm transformer encoder with a classifier on the first token (BERT, RoBERTa), over
// packed rows. The last layer computes queries, output and feed-forward for first tokens only.

#include <functional>

#include "client/train/packing.h"
#include "client/train/param_store.h"

namespace tributary::train {

// An adapter put into tensors of one device: leaves for everything that is trained.
struct LiveInstance {
  std::map<std::string, LiveAdapter> layers;  // by module name
  std::map<std::string, at::Tensor> head;     // by parameter name
};

// Dropout of one forward pass: a keep mask (0 or 1) of the given length for a named place, drawn
// from the run's own generator. Absent: nothing is dropped.
using MaskSource = std::function<at::Tensor(std::string_view place, int64_t size, double rate)>;
struct Dropout {
  MaskSource mask;
  double hidden = 0, attention = 0, classifier = 0, adapter = 0;
};

class Encoder {
 public:
  static Result<Encoder> Load(const model::Directory& directory, at::Device device);

  // The input of the last linear, [sequences, hidden].
  at::Tensor Features(const Packed& batch, const LiveInstance& adapter,
                      const Dropout* dropout = nullptr) const;
  // [sequences, labels].
  at::Tensor Logits(const Packed& batch, const LiveInstance& adapter,
                    const Dropout* dropout = nullptr) const;

  Packed Pack(std::span<const client::Example> examples, std::span<const size_t> chosen) const;
  const model::Config& config() const { return config_; }
  const model::Family& family() const { return *family_; }
  const ParamStore& parameters() const { return parameters_; }
  at::Device device() const { return parameters_.device(); }

 private:
  struct Norm {
    at::Tensor weight, bias;
  };
  struct Layer {
    std::string name;
    Linear query, key, value, attention_output, intermediate, output;
    Norm attention_norm, output_norm;
  };
  at::Tensor Embed(const Packed& batch, const Dropout* dropout) const;
  at::Tensor Run(const Layer& layer, const at::Tensor& x, const Packed& batch,
                 bool first_token_only, const LiveInstance& adapter, const Dropout* dropout) const;

  model::Config config_;
  const model::Family* family_ = nullptr;
  ParamStore parameters_;
  at::Tensor words_, positions_, types_;
  Norm embedding_norm_;
  std::vector<Layer> layers_;
};

}  // namespace tributary::train
