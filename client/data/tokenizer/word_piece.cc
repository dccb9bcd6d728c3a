// WordPiece (Wu et al., "Google's neural machine translation system", 2016, section 4.1): from the
// left, the longest entry that fits; pieces within a word carry a prefix. A word with a part that
// no entry fits, or with too many characters, is one unknown token.

#include <limits>
#include <nlohmann/json.hpp>

#include "client/data/tokenizer/byte_trie.h"
#include "client/data/tokenizer/model.h"

namespace tributary::data {
namespace {

// Lead bytes and ASCII: one a character.
size_t CountCharacters(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0u) != 0x80;
  return count;
}

struct Vocabulary {
  ByteTrie trie;
  int32_t entries = 0, last_id = 0;
};

class WordPiece : public Model {
 public:
  WordPiece(Vocabulary vocabulary, int32_t unknown, std::string_view prefix, size_t max_characters)
      : vocabulary_(std::move(vocabulary)),
        within_word_(vocabulary_.trie.Walk(prefix)),
        unknown_(unknown),
        max_characters_(max_characters) {}

  void Tokenize(std::string_view word, std::vector<int32_t>& ids) const override {
    if (word.size() > max_characters_ && CountCharacters(word) > max_characters_)
      return ids.push_back(unknown_);
    const size_t before = ids.size();
    for (ByteTrie::Node from = ByteTrie::kRoot; !word.empty(); from = within_word_) {
      ByteTrie::Match match;
      if (from != ByteTrie::kNoNode) match = vocabulary_.trie.Longest(word, from);
      if (match.length == 0) {
        ids.resize(before);
        return ids.push_back(unknown_);
      }
      ids.push_back(match.value);
      word.remove_prefix(match.length);
    }
  }

  std::optional<int32_t> Find(std::string_view token) const override {
    const ByteTrie::Match match = vocabulary_.trie.Longest(token);
    if (token.empty() || match.length != token.size()) return std::nullopt;
    return match.value;
  }
  int32_t entries() const override { return vocabulary_.entries; }
  int32_t last_id() const override { return vocabulary_.last_id; }

 private:
  Vocabulary vocabulary_;
  ByteTrie::Node within_word_;
  int32_t unknown_;
  size_t max_characters_;
};

Result<Vocabulary> ReadVocabulary(const JsonField& field) {
  RETURN_IF_ERROR(field.ExpectObject());
  if (field.json().empty()) return field.Wrong("is empty");
  if (field.json().size() > ByteTrie::kMaxNodes)
    return field.Wrong("holds {} entries, at most {} are allowed", field.json().size(),
                       ByteTrie::kMaxNodes);
  Vocabulary vocabulary;
  std::vector<std::pair<int64_t, std::string_view>> tokens;
  tokens.reserve(field.json().size());
  for (const auto& [token, value] : field.json().get_ref<const nlohmann::json::object_t&>()) {
    if (!value.is_number_unsigned() || value.get<uint64_t>() >= std::numeric_limits<int32_t>::max())
      return JsonField(value, fmt::format("{}[\"{}\"]", field.place(), Shorten(token)))
          .Wrong("found {}, expected an id from 0 to 2^31-2",
                 value.is_number() ? value.dump() : value.type_name());
    tokens.emplace_back(value.get<int64_t>(), token);
  }
  std::sort(tokens.begin(), tokens.end());
  for (size_t i = 0; i < tokens.size(); ++i) {
    const auto& [id, token] = tokens[i];
    if (i > 0 && tokens[i - 1].first == id)
      return field.Wrong("\"{}\" and \"{}\" share the id {}", Shorten(tokens[i - 1].second),
                         Shorten(token), id);
    // The empty token can never match.
    if (!token.empty() &&
        vocabulary.trie.Insert(token, static_cast<int32_t>(id)) == ByteTrie::Added::kFull)
      return field.Wrong("is too large");
  }
  vocabulary.entries = static_cast<int32_t>(tokens.size());
  vocabulary.last_id = static_cast<int32_t>(tokens.back().first);
  return vocabulary;
}

}  // namespace

Result<std::unique_ptr<const Model>> MakeWordPiece(const JsonField& field) {
  ASSIGN_OR_RETURN(const std::string unknown, field.String("unk_token"));
  ASSIGN_OR_RETURN(const std::string prefix, field.String("continuing_subword_prefix"));
  constexpr int64_t kMaxCharacters = 1'000'000;
  ASSIGN_OR_RETURN(const int64_t max_characters,
                   field.Integer("max_input_chars_per_word", 0, kMaxCharacters));
  ASSIGN_OR_RETURN(const JsonField vocab, field.Get("vocab"));
  ASSIGN_OR_RETURN(Vocabulary vocabulary, ReadVocabulary(vocab));
  const ByteTrie::Match match = vocabulary.trie.Longest(unknown);
  if (unknown.empty() || match.length != unknown.size())
    return field.Wrong("unk_token \"{}\" is not in the vocabulary", Shorten(unknown));
  return std::make_unique<WordPiece>(std::move(vocabulary), match.value, prefix,
                                     static_cast<size_t>(max_characters));
}

}  // namespace tributary::data
