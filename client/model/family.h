#pragma once
// Model families: which config.json keys a family understands, what its tensors are called and how
// large they are. Plain data, no libtorch: `inspect`, `check` and the byte formulas need shapes
// only. A new family is one file that fills a Family and one line of the table in family.cc.

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/adapter/kind.h"
#include "aggregation/tensor/layout.h"

namespace tributary::model {

// What config.json says, checked. Sizes are counts, rates are in [0, 1).
struct Config {
  std::string model_type;
  int64_t hidden = 0, layers = 0, heads = 0, intermediate = 0, vocabulary = 0, positions = 0,
          types = 0;
  int64_t pad_token = 0;
  double norm_epsilon = 1e-12;
  double hidden_dropout = 0, attention_dropout = 0, classifier_dropout = 0;
  std::string activation;  // "gelu" | "gelu_new" | "relu"
  std::vector<std::string>
      labels;  // id2label, where it is a whole list; of use beside a classifier in the weights
};

// A post-norm transformer encoder with a classifier on its first token (BERT; Devlin et al., 2019).
struct Family {
  std::string_view model_type;    // config.json's
  std::string_view prefix;        // of the encoder's tensors within the classification model
  std::string_view architecture;  // of the classification model, for merged exports
  bool positions_after_padding;   // positions count from pad_token + 1 (RoBERTa)
  std::string_view head_input;    // dense + tanh before the last linear: "bert.pooler.dense"
  bool head_input_trained;        // it belongs to the classifier, not to the encoder
  std::string_view head_output;   // the last linear: "classifier"
};

const Family* FindFamily(std::string_view model_type);
std::string FamilyNames();  // "bert, roberta", for messages

// Reads and checks config.json's text. Unknown architectures, missing sizes and unknown keys whose
// value is not known to be harmless are refused by name.
Result<Config> ParseConfig(std::string_view text, std::string_view path);

// All parameters of the encoder (and a frozen head input) by classification-model name.
Layout EncoderLayout(const Family& family, const Config& config);
// The trained head: last linear, and the head input where it is trained.
Layout HeadLayout(const Family& family, const Config& config, int64_t labels);
// Every linear layer that can be adapted, in network order.
std::vector<adapter::Target> LinearLayers(const Family& family, const Config& config);

// The layers that `patterns` select: a pattern is a module name's last part ("query"), a longer
// suffix, or "all-linear". A pattern that matches nothing is an error that lists what there is.
Result<std::vector<adapter::Target>> SelectTargets(const std::vector<adapter::Target>& linears,
                                                   std::span<const std::string> patterns);

extern const Family kBert, kRoberta;

}  // namespace tributary::model
