#pragma once
// A model directory together with its tokenizer: what turns text into a trainer's examples.

#include <memory>

#include "client/data/dataset.h"
#include "client/data/tokenizer.h"
#include "client/model/directory.h"

namespace tributary::client {

struct TextModel {
  model::Directory directory;
  std::shared_ptr<const data::Tokenizer> tokenizer;

  // Positions that a text may take, special tokens included.
  int64_t Positions() const;
};

// Checks config.json, tokenizer.json and the weights, in this order. Errors name file and value.
Result<TextModel> OpenTextModel(const std::filesystem::path& path);

// Rows as ids of at most `max_length` each, on `threads` threads, which change nothing.
Result<data::Corpus> Tokenise(const data::Tokenizer& tokenizer,
                              std::span<const data::Example> examples, std::vector<int32_t> labels,
                              int64_t max_length, int threads);

}  // namespace tributary::client
