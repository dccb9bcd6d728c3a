// BERT's basic cleaning, in one pass: control characters go and white space becomes a blank;
// Chinese characters are set apart by blanks; accents go (decomposed, less non-spacing marks);
// lower case.

#include "client/data/tokenizer/normalizer.h"
#include "client/data/tokenizer/unicode.h"

namespace tributary::data {
namespace {

struct Options {
  bool clean_text, handle_chinese_chars, strip_accents, lowercase;
};

// The blanks that clean_text makes: White_Space less what clean_text takes for control characters.
bool BecomesBlank(char32_t c) { return Contains(kWhitespace, c); }
bool IsRemoved(char32_t c) { return Contains(kControl, c); }

class BertNormalizer : public Normalizer {
 public:
  explicit BertNormalizer(const Options& options) : options_(options) {
    for (char32_t c = 0; c < 0x80; ++c) {
      kept_[c] = !(options.clean_text && IsRemoved(c));
      const bool blank = options.clean_text && BecomesBlank(c);
      const bool upper = options.lowercase && c >= 'A' && c <= 'Z';
      ascii_[c] = static_cast<char>(blank ? ' ' : upper ? c + 32 : c);
    }
  }

  void Normalize(std::string_view text, std::string& out) const override {
    out.clear();
    Decomposer decomposer(/*compatibility=*/false);
    const auto write = [&](char32_t c) { Write(c, out); };
    const auto put = [&](char32_t c) {
      if (options_.strip_accents) return decomposer.Push(c, write);
      write(c);
    };
    for (size_t position = 0;;) {
      const size_t end = AsciiEnd(text, position);
      if (end > position) {
        decomposer.Flush(write);
        WriteAscii(text.substr(position, end - position), out);
      }
      if (end == text.size()) break;
      position = end;
      const char32_t c = DecodeUtf8(text, position);
      if (options_.clean_text && IsRemoved(c)) continue;
      if (options_.clean_text && BecomesBlank(c)) {
        put(' ');
      } else if (options_.handle_chinese_chars && IsChinese(c)) {
        put(' '), put(c), put(' ');
      } else {
        put(c);
      }
    }
    decomposer.Flush(write);
  }

 private:
  static size_t AsciiEnd(std::string_view text, size_t position) {
    while (position < text.size() && IsAscii(text[position])) ++position;
    return position;
  }
  void WriteAscii(std::string_view text, std::string& out) const {
    const size_t size = out.size();
    out.resize(size + text.size());
    char* to = out.data() + size;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      *to = ascii_[byte];
      to += kept_[byte];
    }
    out.resize(static_cast<size_t>(to - out.data()));
  }
  void Write(char32_t c, std::string& out) const {
    if (options_.strip_accents && c >= 0x300 && Contains(kNonspacingMark, c)) return;
    if (options_.lowercase) return AppendLower(c, out);
    AppendUtf8(c, out);
  }

  Options options_;
  char ascii_[128];
  bool kept_[128];
};

}  // namespace

Result<std::unique_ptr<const Normalizer>> MakeBertNormalizer(const JsonField& field) {
  Options options{};
  ASSIGN_OR_RETURN(options.clean_text, field.Boolean("clean_text"));
  ASSIGN_OR_RETURN(options.handle_chinese_chars, field.Boolean("handle_chinese_chars"));
  ASSIGN_OR_RETURN(options.lowercase, field.Boolean("lowercase"));
  ASSIGN_OR_RETURN(const auto strip_accents, field.Find("strip_accents"));
  options.strip_accents = options.lowercase;  // what null stands for
  if (strip_accents) {
    ASSIGN_OR_RETURN(options.strip_accents, strip_accents->Boolean());
  }
  return std::make_unique<BertNormalizer>(options);
}

}  // namespace tributary::data
