#include "client/data/tokenizer/normalizer.h"

namespace tributary::data {
namespace {

class NormalizerSequence : public Normalizer {
 public:
  explicit NormalizerSequence(std::vector<std::unique_ptr<const Normalizer>> steps)
      : steps_(std::move(steps)) {}

  void Normalize(std::string_view text, std::string& out) const override {
    out.assign(text);
    std::string input;
    for (const auto& step : steps_) {
      std::swap(input, out);
      step->Normalize(input, out);
    }
  }

 private:
  std::vector<std::unique_ptr<const Normalizer>> steps_;
};

Result<std::unique_ptr<const Normalizer>> MakeSequence(const JsonField& field) {
  ASSIGN_OR_RETURN(const JsonField list, field.Get("normalizers"));
  ASSIGN_OR_RETURN(const auto elements, list.Elements());
  std::vector<std::unique_ptr<const Normalizer>> steps;
  for (const JsonField& element : elements) {
    ASSIGN_OR_RETURN(auto step, MakeNormalizer(element));
    steps.push_back(std::move(step));
  }
  return std::make_unique<NormalizerSequence>(std::move(steps));
}

constexpr NormalizerRow kNormalizers[] = {
    {"BertNormalizer", MakeBertNormalizer},
    {"Lowercase", MakeLowercase},
    {"NFC", MakeNfc},
    {"NFD", MakeNfd},
    {"NFKC", MakeNfkc},
    {"NFKD", MakeNfkd},
    {"Sequence", MakeSequence},
    {"StripAccents", MakeStripAccents},
};

}  // namespace

std::span<const NormalizerRow> Normalizers() { return kNormalizers; }

Result<std::unique_ptr<const Normalizer>> MakeNormalizer(const JsonField& field) {
  return MakeComponent(Normalizers(), field);
}

}  // namespace tributary::data
