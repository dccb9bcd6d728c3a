#include "privacy/audit/entry.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "aggregation/base/utc.h"

namespace tributary::audit {
namespace {

using Json = nlohmann::json;  // keeps its keys sorted

Digest HashOf(const Digest& previous, const Json& fields) {
  return Sha256(previous.Hex() + DumpJson(fields));
}

// A line's fields, where they are of the form that MakeLine gives them.
struct Parsed {
  Json fields;  // without the two digests
  int64_t seq = 0;
  Digest previous, hash;
};

Result<Parsed> Parse(std::string_view line) {
  const auto bad = [](std::string_view why) {
    return MakeError(Code::kDataLoss, "{}: it was changed", why);
  };
  Json json = ParseJson(line);
  if (!json.is_object()) return bad("the line is no JSON object");
  if (DumpJson(json) != line) return bad("the line is not in the form in which it was written");
  Parsed parsed;
  const auto digest = [&json](const char* key) -> Result<Digest> {
    if (!json.contains(key) || !json[key].is_string()) return InvalidArgument("no {}", key);
    return Digest::FromHex(json[key].get<std::string>());
  };
  const auto previous = digest("prev_hash"), hash = digest("hash");
  if (!previous || !hash || !json.contains("seq") || !json["seq"].is_number_integer())
    return bad("seq, prev_hash or hash is missing");
  parsed.seq = json["seq"].get<int64_t>();
  parsed.previous = *previous;
  parsed.hash = *hash;
  json.erase("prev_hash");
  json.erase("hash");
  parsed.fields = std::move(json);
  return parsed;
}

}  // namespace

std::string MakeLine(Json fields, Head* head) {
  fields["seq"] = head->seq + 1;
  fields["time"] = Rfc3339(UnixMicros());
  // Bytes that are no UTF-8 are replaced now, so that the line reads back as what is hashed.
  fields = ParseJson(DumpJson(fields));
  const Digest hash = HashOf(head->hash, fields);
  fields["prev_hash"] = head->hash.Hex();
  fields["hash"] = hash.Hex();
  *head = {head->seq + 1, hash};
  return DumpJson(fields) + "\n";
}

Status CheckLine(std::string_view line, Head* head) {
  ASSIGN_OR_RETURN(const Parsed parsed, Parse(line));
  const Digest hash = HashOf(parsed.previous, parsed.fields);
  if (hash != parsed.hash)
    return MakeError(Code::kDataLoss, "its content gives hash {}, not {}: it was changed",
                     hash.Hex(), parsed.hash.Hex());
  if (parsed.seq != head->seq + 1)
    return MakeError(Code::kDataLoss,
                     "seq {} where {} is expected: lines are missing or out of order", parsed.seq,
                     head->seq + 1);
  if (parsed.previous != head->hash)
    return MakeError(Code::kDataLoss,
                     "prev_hash is {}, but the line before has {}: it is of another chain",
                     parsed.previous.Hex(), head->hash.Hex());
  *head = {parsed.seq, parsed.hash};
  return {};
}

Result<Head> HeadBefore(std::string_view line) {
  ASSIGN_OR_RETURN(const Parsed parsed, Parse(line));
  return Head{parsed.seq - 1, parsed.previous};
}

}  // namespace tributary::audit
