#pragma once
// Post-processors put special tokens around the ids of one text or a pair. Every kind comes down to
// two templates.

#include <cstdint>
#include <vector>

#include "client/data/tokenizer/component.h"

namespace tributary::data {

struct TemplatePiece {
  enum class Kind { kToken, kFirst, kSecond };  // a special token, or where a text goes
  Kind kind;
  int32_t id;       // of kToken
  int32_t type_id;  // for the token, or for all of the text
};

struct PostProcessor {
  std::vector<TemplatePiece> single;  // holds kFirst once
  std::vector<TemplatePiece> pair;    // holds kFirst once and kSecond once
};

// The template of a file without post-processor: the texts alone, of types 0 and 1.
PostProcessor PlainPostProcessor();

using PostProcessorRow = ComponentRow<PostProcessor>;
std::span<const PostProcessorRow> PostProcessors();
Result<std::unique_ptr<const PostProcessor>> MakePostProcessor(const JsonField& field);

// The members.
Result<std::unique_ptr<const PostProcessor>> MakeTemplateProcessing(const JsonField& field);
Result<std::unique_ptr<const PostProcessor>> MakeBertProcessing(const JsonField& field);

// How many tokens of each text stay when together they may have `budget`: longest first, the way
// Hugging Face's tokenizers share it out.
struct Kept {
  size_t first, second;
};
Kept TruncateLongestFirst(size_t first, size_t second, size_t budget);

}  // namespace tributary::data
