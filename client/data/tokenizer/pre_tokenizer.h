#pragma once
// Pre-tokenizers cut normalised text into words, each of which the model then cuts by itself.

#include <vector>

#include "client/data/tokenizer/component.h"

namespace tributary::data {

// Immutable; any number of threads may use one.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  // Appends the words of `text`, which is UTF-8: views into it, in order, none of them empty.
  virtual void Split(std::string_view text, std::vector<std::string_view>& words) const = 0;
};

using PreTokenizerRow = ComponentRow<PreTokenizer>;
std::span<const PreTokenizerRow> PreTokenizers();
Result<std::unique_ptr<const PreTokenizer>> MakePreTokenizer(const JsonField& field);

// The members.
Result<std::unique_ptr<const PreTokenizer>> MakeBertPreTokenizer(const JsonField& field);
Result<std::unique_ptr<const PreTokenizer>> MakeWhitespace(const JsonField& field);
Result<std::unique_ptr<const PreTokenizer>> MakeWhitespaceSplit(const JsonField& field);

}  // namespace tributary::data
