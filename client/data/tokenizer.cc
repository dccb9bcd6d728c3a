#include "client/data/tokenizer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "client/data/tokenizer/added_tokens.h"
#include "client/data/tokenizer/model.h"
#include "client/data/tokenizer/normalizer.h"
#include "client/data/tokenizer/post_processor.h"
#include "client/data/tokenizer/pre_tokenizer.h"
#include "client/data/tokenizer/unicode.h"

namespace tributary::data {
namespace {

size_t CountTokens(const std::vector<TemplatePiece>& pieces) {
  return static_cast<size_t>(
      std::count_if(pieces.begin(), pieces.end(),
                    [](const TemplatePiece& p) { return p.kind == TemplatePiece::Kind::kToken; }));
}

Result<nlohmann::json> ParseJson(std::string_view content) {
  int deepest = 0;
  const auto within_limit = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    deepest = std::max(deepest, depth);
    return depth <= Tokenizer::kMaxNesting;
  };
  try {
    nlohmann::json document = nlohmann::json::parse(content, within_limit);
    if (deepest > Tokenizer::kMaxNesting)
      return InvalidArgument("nested more than {} levels deep", Tokenizer::kMaxNesting);
    return document;
  } catch (const nlohmann::json::exception& fault) {
    return InvalidArgument("is not JSON: {}", fault.what());
  }
}

// Every id that the template may put into an encoding must be one that the vocabulary has room for.
Status CheckTemplate(const std::vector<TemplatePiece>& pieces, int32_t last_id) {
  for (const TemplatePiece& piece : pieces)
    if (piece.kind == TemplatePiece::Kind::kToken && piece.id > last_id)
      return InvalidArgument(
          "post_processor: id {} lies beyond the vocabulary, whose last id is {}", piece.id,
          last_id);
  return {};
}

}  // namespace

struct Tokenizer::Stages {
  AddedTokens added;
  std::unique_ptr<const Normalizer> normalizer;       // or none
  std::unique_ptr<const PreTokenizer> pre_tokenizer;  // or none: a piece of text is one word
  std::unique_ptr<const Model> model;
  PostProcessor post_processor;
  int32_t last_id = 0;

  // The ids of a text without its template.
  std::vector<int32_t> Tokenize(std::string_view text) const;
};

std::vector<int32_t> Tokenizer::Stages::Tokenize(std::string_view text) const {
  std::string repaired, normalized;
  std::vector<AddedTokenSet::Piece> pieces, inner;
  std::vector<std::string_view> words;
  std::vector<int32_t> ids;
  ids.reserve(text.size() / 4 + 8);
  added.raw.Split(RepairUtf8(text, repaired), pieces);
  for (const AddedTokenSet::Piece& piece : pieces) {
    if (piece.id) {
      ids.push_back(*piece.id);
      continue;
    }
    std::string_view ready = piece.text;
    if (normalizer) {
      normalizer->Normalize(piece.text, normalized);
      ready = normalized;
    }
    inner.clear();
    added.normalized.Split(ready, inner);
    for (const AddedTokenSet::Piece& part : inner) {
      if (part.id) {
        ids.push_back(*part.id);
        continue;
      }
      words.clear();
      if (pre_tokenizer) {
        pre_tokenizer->Split(part.text, words);
      } else {
        words.push_back(part.text);
      }
      for (const std::string_view word : words) model->Tokenize(word, ids);
    }
  }
  return ids;
}

Tokenizer::Tokenizer(std::unique_ptr<const Stages> stages) : stages_(std::move(stages)) {}
Tokenizer::~Tokenizer() = default;

Result<std::shared_ptr<const Tokenizer>> Tokenizer::Load(
    const std::filesystem::path& tokenizer_json) {
  std::error_code no_size;  // then ReadFile says what is wrong
  const auto size = std::filesystem::file_size(tokenizer_json, no_size);
  if (!no_size && size > kMaxFileBytes)
    return MakeError(Code::kResourceExhausted, "{}: {} bytes, at most {} are read",
                     tokenizer_json.string(), size, kMaxFileBytes);
  ASSIGN_OR_RETURN(const std::string content, ReadFile(tokenizer_json));
  auto made = Parse(content);
  if (!made) return Annotate(made.error(), tokenizer_json.string());
  return made;
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::Parse(std::string_view content) {
  ASSIGN_OR_RETURN(const nlohmann::json document, ParseJson(content));
  const JsonField root(document, "");
  auto stages = std::make_unique<Stages>();
  ASSIGN_OR_RETURN(const auto version, root.Find("version"));
  if (version) {
    ASSIGN_OR_RETURN(const std::string number, version->String());
    if (number != "1.0") return version->Wrong("found \"{}\", expected \"1.0\"", Shorten(number));
  }
  ASSIGN_OR_RETURN(const auto normalizer, root.Find("normalizer"));
  if (normalizer) {
    ASSIGN_OR_RETURN(stages->normalizer, MakeNormalizer(*normalizer));
  }
  ASSIGN_OR_RETURN(const auto pre_tokenizer, root.Find("pre_tokenizer"));
  if (pre_tokenizer) {
    ASSIGN_OR_RETURN(stages->pre_tokenizer, MakePreTokenizer(*pre_tokenizer));
  }
  ASSIGN_OR_RETURN(const JsonField model, root.Get("model"));
  ASSIGN_OR_RETURN(stages->model, MakeModel(model));
  ASSIGN_OR_RETURN(const auto added, root.Find("added_tokens"));
  if (added) {
    ASSIGN_OR_RETURN(stages->added,
                     ReadAddedTokens(*added, *stages->model, stages->normalizer.get()));
  }
  stages->last_id = std::max(stages->model->last_id(), stages->added.last_id);
  stages->post_processor = PlainPostProcessor();
  ASSIGN_OR_RETURN(const auto post_processor, root.Find("post_processor"));
  if (post_processor) {
    ASSIGN_OR_RETURN(const auto made, MakePostProcessor(*post_processor));
    stages->post_processor = *made;
  }
  RETURN_IF_ERROR(CheckTemplate(stages->post_processor.single, stages->last_id));
  RETURN_IF_ERROR(CheckTemplate(stages->post_processor.pair, stages->last_id));
  return std::shared_ptr<const Tokenizer>(new Tokenizer(std::move(stages)));
}

namespace {

Tokenizer::Encoding Assemble(const std::vector<TemplatePiece>& pieces,
                             const std::vector<int32_t>& first, const std::vector<int32_t>& second,
                             size_t max_length) {
  const size_t tokens = CountTokens(pieces);
  Kept kept{first.size(), second.size()};
  if (max_length != 0 && max_length >= tokens)
    kept = TruncateLongestFirst(first.size(), second.size(), max_length - tokens);
  Tokenizer::Encoding encoding;
  encoding.ids.reserve(tokens + kept.first + kept.second);
  encoding.type_ids.reserve(encoding.ids.capacity());
  const auto append = [&](const int32_t* ids, size_t count, int32_t type_id) {
    encoding.ids.insert(encoding.ids.end(), ids, ids + count);
    encoding.type_ids.insert(encoding.type_ids.end(), count, type_id);
  };
  for (const TemplatePiece& piece : pieces) {
    switch (piece.kind) {
      case TemplatePiece::Kind::kToken:
        append(&piece.id, 1, piece.type_id);
        break;
      case TemplatePiece::Kind::kFirst:
        append(first.data(), kept.first, piece.type_id);
        break;
      case TemplatePiece::Kind::kSecond:
        append(second.data(), kept.second, piece.type_id);
        break;
    }
  }
  return encoding;
}

}  // namespace

Tokenizer::Encoding Tokenizer::Encode(std::string_view text, size_t max_length) const {
  return Assemble(stages_->post_processor.single, stages_->Tokenize(text), {}, max_length);
}

Tokenizer::Encoding Tokenizer::EncodePair(std::string_view a, std::string_view b,
                                          size_t max_length) const {
  return Assemble(stages_->post_processor.pair, stages_->Tokenize(a), stages_->Tokenize(b),
                  max_length);
}

size_t Tokenizer::vocabulary_size() const { return static_cast<size_t>(stages_->last_id) + 1; }

size_t Tokenizer::special_tokens(bool pair) const {
  return CountTokens(pair ? stages_->post_processor.pair : stages_->post_processor.single);
}

}  // namespace tributary::data
