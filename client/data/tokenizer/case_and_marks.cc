// Lowercase and StripAccents: one code point at a time.

#include "client/data/tokenizer/normalizer.h"
#include "client/data/tokenizer/unicode.h"

namespace tributary::data {
namespace {

class Lowercase : public Normalizer {
 public:
  void Normalize(std::string_view text, std::string& out) const override {
    out.clear();
    for (size_t position = 0; position < text.size();) AppendLower(DecodeUtf8(text, position), out);
  }
};

// Removes marks but does not decompose: it usually follows NFD.
class StripAccents : public Normalizer {
 public:
  void Normalize(std::string_view text, std::string& out) const override {
    out.clear();
    for (size_t position = 0; position < text.size();) {
      const char32_t c = DecodeUtf8(text, position);
      if (c < 0x300 || !Contains(kMark, c)) AppendUtf8(c, out);
    }
  }
};

}  // namespace

Result<std::unique_ptr<const Normalizer>> MakeLowercase(const JsonField&) {
  return std::make_unique<Lowercase>();
}
Result<std::unique_ptr<const Normalizer>> MakeStripAccents(const JsonField&) {
  return std::make_unique<StripAccents>();
}

}  // namespace tributary::data
