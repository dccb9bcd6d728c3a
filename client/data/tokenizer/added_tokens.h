#pragma once
// Tokens that are found as they stand in a text, before the model sees it: special ones such as
// [MASK], and words that were added to the vocabulary.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "client/data/tokenizer/byte_trie.h"
#include "client/data/tokenizer/json_field.h"
#include "client/data/tokenizer/model.h"
#include "client/data/tokenizer/normalizer.h"

namespace tributary::data {

struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool single_word = false;  // only where no letter, digit or underscore touches it
  bool lstrip = false;       // takes the white space to its left
  bool rstrip = false;       // takes the white space to its right
  bool normalized = false;   // sought, itself normalised, in the normalised text
  bool special = false;
};

// A set of added tokens that are sought together. Immutable; any number of threads may use one.
class AddedTokenSet {
 public:
  struct Piece {
    std::string_view text;      // of a piece that is no added token
    std::optional<int32_t> id;  // of an added token
  };

  // `pattern` is what to look for, not empty.
  ByteTrie::Added Add(AddedToken token, std::string_view pattern);

  // Appends the pieces of `text`, which is UTF-8: the leftmost token first, the longest of those
  // that begin there, and what lies between.
  void Split(std::string_view text, std::vector<Piece>& pieces) const;

 private:
  ByteTrie trie_;  // pattern to index in tokens_
  std::array<bool, 256> begins_{};
  std::vector<AddedToken> tokens_;
};

struct AddedTokens {
  AddedTokenSet raw, normalized;
  int32_t last_id = -1;
};

// Reads the list "added_tokens"; ids must be those that Hugging Face's tokenizers would give.
Result<AddedTokens> ReadAddedTokens(const JsonField& field, const Model& model,
                                    const Normalizer* normalizer);

}  // namespace tributary::data
