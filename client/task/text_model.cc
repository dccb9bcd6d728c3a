#include "client/task/text_model.h"

namespace tributary::client {

int64_t TextModel::Positions() const {
  const model::Config& config = directory.config;
  return config.positions - (directory.family->positions_after_padding ? config.pad_token + 1 : 0);
}

Result<TextModel> OpenTextModel(const std::filesystem::path& path) {
  TextModel text;
  const auto check = [&](const std::filesystem::path& file, const model::Config& config) -> Status {
    ASSIGN_OR_RETURN(text.tokenizer, data::Tokenizer::Load(file));
    if (static_cast<int64_t>(text.tokenizer->vocabulary_size()) > config.vocabulary)
      return InvalidArgument("{}: ids up to {}, but config.json says vocab_size {}", file.string(),
                             text.tokenizer->vocabulary_size() - 1, config.vocabulary);
    return {};
  };
  ASSIGN_OR_RETURN(text.directory, model::OpenDirectory(path, check));
  return text;
}

}  // namespace tributary::client
