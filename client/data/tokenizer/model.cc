#include "client/data/tokenizer/model.h"

namespace tributary::data {
namespace {

constexpr ModelRow kModels[] = {
    {"WordPiece", MakeWordPiece},
};

}  // namespace

std::span<const ModelRow> Models() { return kModels; }

Result<std::unique_ptr<const Model>> MakeModel(const JsonField& field) {
  ASSIGN_OR_RETURN(const auto type, field.Find("type"));
  if (type) return MakeComponent(Models(), field);
  ASSIGN_OR_RETURN(const auto only_word_piece_has, field.Find("max_input_chars_per_word"));
  ASSIGN_OR_RETURN(const auto only_others_have, field.Find("merges"));
  if (only_word_piece_has && !only_others_have) return MakeWordPiece(field);
  return field.Wrong("\"type\" is missing");
}

}  // namespace tributary::data
