#pragma once
// Text to ids by a model's tokenizer.json, with the very ids that Hugging Face's `tokenizers`
// gives.
//
// A text passes four stages: added tokens are cut out, the rest is normalised, split into words,
// and each word becomes ids; then a template puts special tokens around them. What the file says
// about padding, truncation and decoding is ignored. Parts that no table of ours knows are refused.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "aggregation/base/status.h"

namespace tributary::data {

// Immutable: any number of threads may encode with one.
class Tokenizer {
 public:
  static constexpr size_t kMaxFileBytes = size_t{64} << 20;
  static constexpr int kMaxNesting = 32;

  struct Encoding {
    std::vector<int32_t> ids;
    std::vector<int32_t> type_ids;  // one for each id
  };

  // Reads tokenizer.json. Errors name the file, the place in it, what was found and expected;
  // a part that is not supported yet is UNIMPLEMENTED.
  static Result<std::shared_ptr<const Tokenizer>> Load(const std::filesystem::path& tokenizer_json);
  // The same from the content of such a file.
  static Result<std::shared_ptr<const Tokenizer>> Parse(std::string_view content);

  ~Tokenizer();

  // The ids of a text, or of a pair of texts, special tokens included. Bytes that are not UTF-8
  // count as U+FFFD, one for each maximal subpart, as Python's errors="replace" reads them.
  // max_length is the number of ids, special tokens included, that are kept; 0 keeps all. Of a pair
  // the longer text is cut first. As in Hugging Face's tokenizers nothing is cut when max_length is
  // below special_tokens(), so callers check that limits which people set are above it.
  Encoding Encode(std::string_view text, size_t max_length = 0) const;
  Encoding EncodePair(std::string_view a, std::string_view b, size_t max_length = 0) const;

  // One more than the largest id: the rows that an embedding table must have.
  size_t vocabulary_size() const;
  // How many ids a template adds to a text, or to a pair.
  size_t special_tokens(bool pair) const;

 private:
  struct Stages;
  explicit Tokenizer(std::unique_ptr<const Stages> stages);
  std::unique_ptr<const Stages> stages_;
};

}  // namespace tributary::data
