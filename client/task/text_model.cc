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

Result<data::Corpus> Tokenise(const data::Tokenizer& tokenizer,
                              std::span<const data::Example> examples, std::vector<int32_t> labels,
                              int64_t max_length, int threads) {
  const auto most = static_cast<size_t>(max_length);
  const auto encode = [&](const std::string& text, const std::optional<std::string>& second,
                          std::vector<int32_t>* ids, std::vector<int32_t>* types) -> Status {
    const auto encoding =
        second ? tokenizer.EncodePair(text, *second, most) : tokenizer.Encode(text, most);
    ids->insert(ids->end(), encoding.ids.begin(), encoding.ids.end());
    types->insert(types->end(), encoding.type_ids.begin(), encoding.type_ids.end());
    return {};
  };
  return data::MakeCorpus(examples, std::move(labels), encode, threads);
}

}  // namespace tributary::client
