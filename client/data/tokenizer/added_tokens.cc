#include "client/data/tokenizer/added_tokens.h"

#include <algorithm>
#include <limits>
#include <set>

#include "client/data/tokenizer/unicode.h"

namespace tributary::data {
namespace {

bool WordEndsAt(std::string_view text, size_t end) {
  return end > 0 && IsWord(LastCodePoint(text, end));
}
bool WordBeginsAt(std::string_view text, size_t begin) {
  return begin < text.size() && IsWord(DecodeUtf8(text, begin));
}

size_t SkipSpaceBackwards(std::string_view text, size_t end) {
  while (end > 0) {
    const char32_t c = LastCodePoint(text, end);
    if (!Contains(kWhitespace, c)) break;
    end -= c < 0x80 ? 1 : c < 0x800 ? 2 : 3;  // no white space lies beyond U+3000
  }
  return end;
}
size_t SkipSpace(std::string_view text, size_t begin) {
  for (size_t next = begin; begin < text.size(); begin = next)
    if (!Contains(kWhitespace, DecodeUtf8(text, next))) break;
  return begin;
}

Result<AddedToken> ReadToken(const JsonField& field) {
  AddedToken token;
  ASSIGN_OR_RETURN(token.content, field.String("content"));
  ASSIGN_OR_RETURN(const int64_t id,
                   field.Integer("id", 0, std::numeric_limits<int32_t>::max() - 1));
  token.id = static_cast<int32_t>(id);
  ASSIGN_OR_RETURN(token.single_word, field.Boolean("single_word"));
  ASSIGN_OR_RETURN(token.lstrip, field.Boolean("lstrip"));
  ASSIGN_OR_RETURN(token.rstrip, field.Boolean("rstrip"));
  ASSIGN_OR_RETURN(token.normalized, field.Boolean("normalized"));
  ASSIGN_OR_RETURN(token.special, field.Boolean("special"));
  if (token.content.empty()) return field.Wrong("\"content\" is empty");
  return token;
}

Result<std::vector<AddedToken>> ReadTokens(const JsonField& field, const Model& model) {
  ASSIGN_OR_RETURN(const auto elements, field.Elements());
  std::vector<AddedToken> tokens;
  std::set<std::string> seen;
  int32_t last = -1;
  for (const JsonField& element : elements) {
    ASSIGN_OR_RETURN(AddedToken token, ReadToken(element));
    if (!seen.insert(token.content).second)
      return element.Wrong("token \"{}\" stands twice in the list", Shorten(token.content));
    // A token that the model does not know gets the next number behind vocabulary and added tokens.
    const int32_t expected =
        model.Find(token.content).value_or(std::max(model.entries(), last + 1));
    if (token.id != expected)
      return element.Wrong("token \"{}\" has id {}, expected {} by vocabulary and order",
                           Shorten(token.content), token.id, expected);
    last = std::max(last, token.id);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace

ByteTrie::Added AddedTokenSet::Add(AddedToken token, std::string_view pattern) {
  begins_[static_cast<unsigned char>(pattern[0])] = true;
  const auto added = trie_.Insert(pattern, static_cast<int32_t>(tokens_.size()));
  if (added == ByteTrie::Added::kNew) tokens_.push_back(std::move(token));
  return added;
}

void AddedTokenSet::Split(std::string_view text, std::vector<Piece>& pieces) const {
  size_t done = 0;
  for (size_t at = 0; at < text.size();) {
    ByteTrie::Match match;
    if (begins_[static_cast<unsigned char>(text[at])]) match = trie_.Longest(text.substr(at));
    if (match.length == 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<size_t>(match.value)];
    size_t begin = at, end = at + match.length;
    at = end;
    if (token.single_word && (WordEndsAt(text, begin) || WordBeginsAt(text, end))) continue;
    if (token.lstrip) begin = std::max(SkipSpaceBackwards(text, begin), done);
    if (token.rstrip) end = SkipSpace(text, end);
    if (done < begin) pieces.push_back({text.substr(done, begin - done), std::nullopt});
    pieces.push_back({{}, token.id});
    done = end;
  }
  if (done < text.size()) pieces.push_back({text.substr(done), std::nullopt});
}

Result<AddedTokens> ReadAddedTokens(const JsonField& field, const Model& model,
                                    const Normalizer* normalizer) {
  ASSIGN_OR_RETURN(auto tokens, ReadTokens(field, model));
  AddedTokens made;
  for (AddedToken& token : tokens) {
    made.last_id = std::max(made.last_id, token.id);
    std::string pattern = token.content;
    if (token.normalized && normalizer != nullptr) normalizer->Normalize(token.content, pattern);
    if (pattern.empty())
      return field.Wrong("nothing is left of token \"{}\" once it is normalised",
                         Shorten(token.content));
    AddedTokenSet& set = token.normalized ? made.normalized : made.raw;
    const std::string content = token.content;
    const ByteTrie::Added result = set.Add(std::move(token), pattern);
    if (result == ByteTrie::Added::kFull) return field.Wrong("is too large");
    // Which of the two is meant nobody can say; Hugging Face's tokenizers choose by chance.
    if (result == ByteTrie::Added::kKnown)
      return field.Wrong("token \"{}\" is the same as another once normalised", Shorten(content));
  }
  return made;
}

}  // namespace tributary::data
