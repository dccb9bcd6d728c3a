// The pre-tokenizers that look at one character at a time: each is a function from a code point to
// a class, and one loop over the text.

#include "client/data/tokenizer/pre_tokenizer.h"
#include "client/data/tokenizer/unicode.h"

namespace tributary::data {
namespace {

enum class CharClass : uint8_t {
  kSpace,   // dropped
  kWord,    // neighbours of this class stay together
  kSymbol,  // likewise
  kAlone,   // a word by itself
};

template <CharClass (*classify)(char32_t)>
class SplitByClass : public PreTokenizer {
 public:
  SplitByClass() {
    for (char32_t c = 0; c < 0x80; ++c) ascii_[c] = classify(c);
  }

  void Split(std::string_view text, std::vector<std::string_view>& words) const override {
    CharClass run = CharClass::kSpace;
    size_t begin = 0;
    for (size_t next = 0; next < text.size();) {
      const size_t at = next;
      const CharClass found = IsAscii(text[at]) ? ascii_[static_cast<unsigned char>(text[next++])]
                                                : classify(DecodeUtf8(text, next));
      if (found == run && found != CharClass::kAlone) continue;
      if (run != CharClass::kSpace) words.push_back(text.substr(begin, at - begin));
      begin = at;
      run = found;
    }
    if (run != CharClass::kSpace) words.push_back(text.substr(begin));
  }

 private:
  CharClass ascii_[128];
};

CharClass BertClass(char32_t c) {
  if (Contains(kWhitespace, c)) return CharClass::kSpace;
  return Contains(kPunctuation, c) ? CharClass::kAlone : CharClass::kWord;
}

// The matches of \w+|[^\w\s]+.
CharClass WhitespaceClass(char32_t c) {
  if (Contains(kWhitespace, c)) return CharClass::kSpace;
  return IsWord(c) ? CharClass::kWord : CharClass::kSymbol;
}

CharClass WhitespaceSplitClass(char32_t c) {
  return Contains(kWhitespace, c) ? CharClass::kSpace : CharClass::kWord;
}

}  // namespace

Result<std::unique_ptr<const PreTokenizer>> MakeBertPreTokenizer(const JsonField&) {
  return std::make_unique<SplitByClass<BertClass>>();
}
Result<std::unique_ptr<const PreTokenizer>> MakeWhitespace(const JsonField&) {
  return std::make_unique<SplitByClass<WhitespaceClass>>();
}
Result<std::unique_ptr<const PreTokenizer>> MakeWhitespaceSplit(const JsonField&) {
  return std::make_unique<SplitByClass<WhitespaceSplitClass>>();
}

}  // namespace tributary::data
