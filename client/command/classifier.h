#pragma once
// A model ready to tell labels: base model, tokenizer, adapter or merged classifier, labels. Shared
// by `predict` and `evaluate`; needs the training module only from Open() on.

#include "client/task/text_model.h"
#include "client/trainer.h"

namespace tributary::client {

struct Classifier {
  TextModel text;
  adapter::Instance adapter;        // without layers where the weights hold everything
  std::vector<std::string> labels;  // in the order of the logits
  size_t max_length = 0;            // ids of a text, special tokens included
  bool pair = false;                // made for pairs of texts
};

// `adapter` is a PEFT directory, or empty: then the model's weights must hold a classifier and its
// config.json id2label. The model directory is checked first. Errors name files and values; an
// adapter whose tributary.json names another base, or whose layers do not fit, is refused.
Result<Classifier> OpenClassifier(const std::filesystem::path& model,
                                  const std::filesystem::path& adapter);

}  // namespace tributary::client
