#include "client/data/tokenizer/pre_tokenizer.h"

namespace tributary::data {
namespace {

class PreTokenizerSequence : public PreTokenizer {
 public:
  explicit PreTokenizerSequence(std::vector<std::unique_ptr<const PreTokenizer>> steps)
      : steps_(std::move(steps)) {}

  void Split(std::string_view text, std::vector<std::string_view>& words) const override {
    std::vector<std::string_view> pieces, finer;
    if (!text.empty()) pieces.push_back(text);
    for (const auto& step : steps_) {
      finer.clear();
      for (const std::string_view piece : pieces) step->Split(piece, finer);
      std::swap(pieces, finer);
    }
    words.insert(words.end(), pieces.begin(), pieces.end());
  }

 private:
  std::vector<std::unique_ptr<const PreTokenizer>> steps_;
};

Result<std::unique_ptr<const PreTokenizer>> MakeSequence(const JsonField& field) {
  ASSIGN_OR_RETURN(const JsonField list, field.Get("pretokenizers"));
  ASSIGN_OR_RETURN(const auto elements, list.Elements());
  std::vector<std::unique_ptr<const PreTokenizer>> steps;
  for (const JsonField& element : elements) {
    ASSIGN_OR_RETURN(auto step, MakePreTokenizer(element));
    steps.push_back(std::move(step));
  }
  return std::make_unique<PreTokenizerSequence>(std::move(steps));
}

constexpr PreTokenizerRow kPreTokenizers[] = {
    {"BertPreTokenizer", MakeBertPreTokenizer},
    {"Sequence", MakeSequence},
    {"Whitespace", MakeWhitespace},
    {"WhitespaceSplit", MakeWhitespaceSplit},
};

}  // namespace

std::span<const PreTokenizerRow> PreTokenizers() { return kPreTokenizers; }

Result<std::unique_ptr<const PreTokenizer>> MakePreTokenizer(const JsonField& field) {
  return MakeComponent(PreTokenizers(), field);
}

}  // namespace tributary::data
