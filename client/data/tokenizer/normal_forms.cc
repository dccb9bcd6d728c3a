// The four normalization forms of UAX #15, as of Unicode 9.0.

#include <utf8proc.h>

#include "client/data/tokenizer/normalizer.h"
#include "client/data/tokenizer/unicode.h"

namespace tributary::data {
namespace {

// Composes a run of decomposed, ordered code points in place and appends it.
void Compose(std::vector<int32_t>& run, std::string& out) {
  if (run.empty()) return;
  constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);
  const auto size =
      utf8proc_normalize_utf32(run.data(), static_cast<ptrdiff_t>(run.size()), kOptions);
  for (ptrdiff_t i = 0; i < size; ++i)
    AppendUtf8(static_cast<char32_t>(run[static_cast<size_t>(i)]), out);
  run.clear();
}

template <bool compatibility, bool compose>
class NormalForm : public Normalizer {
 public:
  void Normalize(std::string_view text, std::string& out) const override {
    out.clear();
    std::vector<int32_t> run;
    const auto emit = [&](char32_t c) {
      // A code point that must stay as it is composes with nothing and parts its neighbours.
      if (compose && !Contains(kInert, c)) return run.push_back(static_cast<int32_t>(c));
      Compose(run, out);
      AppendUtf8(c, out);
    };
    Decomposer decomposer(compatibility);
    for (size_t position = 0; position < text.size();)
      decomposer.Push(DecodeUtf8(text, position), emit);
    decomposer.Flush(emit);
    Compose(run, out);
  }
};

}  // namespace

Result<std::unique_ptr<const Normalizer>> MakeNfd(const JsonField&) {
  return std::make_unique<NormalForm<false, false>>();
}
Result<std::unique_ptr<const Normalizer>> MakeNfc(const JsonField&) {
  return std::make_unique<NormalForm<false, true>>();
}
Result<std::unique_ptr<const Normalizer>> MakeNfkd(const JsonField&) {
  return std::make_unique<NormalForm<true, false>>();
}
Result<std::unique_ptr<const Normalizer>> MakeNfkc(const JsonField&) {
  return std::make_unique<NormalForm<true, true>>();
}

}  // namespace tributary::data
