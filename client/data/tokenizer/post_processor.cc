#include "client/data/tokenizer/post_processor.h"

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

namespace tributary::data {
namespace {

using Kind = TemplatePiece::Kind;
using SpecialTokens = std::map<std::string, std::vector<int32_t>>;

constexpr int64_t kMaxId = std::numeric_limits<int32_t>::max() - 1;
constexpr int64_t kMaxTypeId = 255;

constexpr PostProcessorRow kPostProcessors[] = {
    {"BertProcessing", MakeBertProcessing},
    {"TemplateProcessing", MakeTemplateProcessing},
};

Result<SpecialTokens> ReadSpecialTokens(const JsonField& field) {
  SpecialTokens tokens;
  RETURN_IF_ERROR(field.ExpectObject());
  for (const auto& [name, value] : field.json().get_ref<const nlohmann::json::object_t&>()) {
    const JsonField token(value, fmt::format("{}[\"{}\"]", field.place(), Shorten(name)));
    ASSIGN_OR_RETURN(const JsonField list, token.Get("ids"));
    ASSIGN_OR_RETURN(const auto elements, list.Elements());
    for (const JsonField& element : elements) {
      ASSIGN_OR_RETURN(const int64_t id, element.Integer(0, kMaxId));
      tokens[name].push_back(static_cast<int32_t>(id));
    }
  }
  return tokens;
}

// {"SpecialToken": {"id", "type_id"}} or {"Sequence": {"id": "A" or "B", "type_id"}}
Status ReadPiece(const JsonField& field, const SpecialTokens& tokens,
                 std::vector<TemplatePiece>& pieces) {
  ASSIGN_OR_RETURN(const auto special, field.Find("SpecialToken"));
  ASSIGN_OR_RETURN(const auto sequence, field.Find("Sequence"));
  if (special.has_value() == sequence.has_value())
    return field.Wrong("expected either \"SpecialToken\" or \"Sequence\"");
  const JsonField& piece = special ? *special : *sequence;
  ASSIGN_OR_RETURN(const std::string id, piece.String("id"));
  ASSIGN_OR_RETURN(const int64_t type, piece.Integer("type_id", 0, kMaxTypeId));
  const auto type_id = static_cast<int32_t>(type);
  if (sequence) {
    if (id != "A" && id != "B")
      return piece.Wrong("id \"{}\", expected \"A\" or \"B\"", Shorten(id));
    pieces.push_back({id == "A" ? Kind::kFirst : Kind::kSecond, 0, type_id});
    return {};
  }
  const auto found = tokens.find(id);
  if (found == tokens.end())
    return piece.Wrong("token \"{}\" is not among the special_tokens", Shorten(id));
  for (const int32_t token : found->second) pieces.push_back({Kind::kToken, token, type_id});
  return {};
}

Result<std::vector<TemplatePiece>> ReadTemplate(const JsonField& field, const SpecialTokens& tokens,
                                                bool pair) {
  std::vector<TemplatePiece> pieces;
  ASSIGN_OR_RETURN(const auto elements, field.Elements());
  for (const JsonField& element : elements) RETURN_IF_ERROR(ReadPiece(element, tokens, pieces));
  const auto count = [&](Kind kind) {
    return std::count_if(pieces.begin(), pieces.end(),
                         [&](const TemplatePiece& piece) { return piece.kind == kind; });
  };
  if (count(Kind::kFirst) != 1 || count(Kind::kSecond) != (pair ? 1 : 0))
    return field.Wrong("must name {} once",
                       pair ? "each of the sequences A and B" : "sequence A alone, and");
  return pieces;
}

}  // namespace

std::span<const PostProcessorRow> PostProcessors() { return kPostProcessors; }

Result<std::unique_ptr<const PostProcessor>> MakePostProcessor(const JsonField& field) {
  return MakeComponent(PostProcessors(), field);
}

PostProcessor PlainPostProcessor() {
  return {{{Kind::kFirst, 0, 0}}, {{Kind::kFirst, 0, 0}, {Kind::kSecond, 0, 1}}};
}

Result<std::unique_ptr<const PostProcessor>> MakeTemplateProcessing(const JsonField& field) {
  ASSIGN_OR_RETURN(const JsonField special_tokens, field.Get("special_tokens"));
  ASSIGN_OR_RETURN(const SpecialTokens tokens, ReadSpecialTokens(special_tokens));
  ASSIGN_OR_RETURN(const JsonField single, field.Get("single"));
  ASSIGN_OR_RETURN(const JsonField pair, field.Get("pair"));
  PostProcessor made;
  ASSIGN_OR_RETURN(made.single, ReadTemplate(single, tokens, false));
  ASSIGN_OR_RETURN(made.pair, ReadTemplate(pair, tokens, true));
  return std::make_unique<PostProcessor>(std::move(made));
}

// {"cls": ["[CLS]", 101], "sep": ["[SEP]", 102]}
Result<std::unique_ptr<const PostProcessor>> MakeBertProcessing(const JsonField& field) {
  const auto read = [&](std::string_view key) -> Result<int32_t> {
    ASSIGN_OR_RETURN(const JsonField entry, field.Get(key));
    ASSIGN_OR_RETURN(const auto elements, entry.Elements());
    if (elements.size() != 2)
      return entry.Wrong("found {} elements, expected [token, id]", elements.size());
    ASSIGN_OR_RETURN(const int64_t id, elements[1].Integer(0, kMaxId));
    return static_cast<int32_t>(id);
  };
  ASSIGN_OR_RETURN(const int32_t cls, read("cls"));
  ASSIGN_OR_RETURN(const int32_t sep, read("sep"));
  PostProcessor made;
  made.single = {{Kind::kToken, cls, 0}, {Kind::kFirst, 0, 0}, {Kind::kToken, sep, 0}};
  made.pair = made.single;
  made.pair.push_back({Kind::kSecond, 0, 1});
  made.pair.push_back({Kind::kToken, sep, 1});
  return std::make_unique<PostProcessor>(std::move(made));
}

Kept TruncateLongestFirst(size_t first, size_t second, size_t budget) {
  if (first + second <= budget) return {first, second};
  const size_t shorter = std::min(first, second);
  // The longer one gives way down to the shorter one's length; then both share evenly, and the odd
  // token goes to the longer one, which is the second if they are equally long.
  if (2 * shorter <= budget) {
    const size_t rest = budget - shorter;
    return first > second ? Kept{rest, shorter} : Kept{shorter, rest};
  }
  const size_t half = budget / 2;
  return first > second ? Kept{budget - half, half} : Kept{half, budget - half};
}

}  // namespace tributary::data
