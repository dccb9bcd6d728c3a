#pragma once
// Models turn a word into ids.

#include <optional>
#include <vector>

#include "client/data/tokenizer/component.h"

namespace tributary::data {

// Immutable; any number of threads may use one.
class Model {
 public:
  virtual ~Model() = default;
  // Appends the ids of a word, which is UTF-8 and not empty.
  virtual void Tokenize(std::string_view word, std::vector<int32_t>& ids) const = 0;
  virtual std::optional<int32_t> Find(std::string_view token) const = 0;
  virtual int32_t entries() const = 0;  // of the vocabulary
  virtual int32_t last_id() const = 0;  // the largest; ids may have holes
};

using ModelRow = ComponentRow<Model>;
std::span<const ModelRow> Models();
// Old files leave the model's type out; then its keys tell.
Result<std::unique_ptr<const Model>> MakeModel(const JsonField& field);

// The members.
Result<std::unique_ptr<const Model>> MakeWordPiece(const JsonField& field);

}  // namespace tributary::data
