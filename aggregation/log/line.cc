// A line's two forms.

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "aggregation/base/utc.h"
#include "aggregation/log/log.h"

namespace tributary {
namespace {

using Json = nlohmann::ordered_json;

Json AsJson(const LogValue& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    return text->size() <= kMostLogValue ? *text : text->substr(0, kMostLogValue) + "...";
  return std::visit([](const auto& v) { return Json(v); }, value);
}

// ASCII only, so nothing in it can steer a terminal; what is no UTF-8 is replaced.
std::string Dump(const Json& json) {
  std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  for (size_t at; (at = text.find('\x7f')) != text.npos;) text.replace(at, 1, "\\u007f");
  return text;
}

// Bare where it reads as one word, else as a JSON string.
std::string AsWord(const LogValue& value) {
  const Json json = AsJson(value);
  if (!json.is_string()) return Dump(json);
  const std::string& text = json.get_ref<const std::string&>();
  const bool is_word = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 127 && c != '"' && c != '=' && c != '\\';
  });
  return is_word ? text : Dump(json);
}

constexpr std::string_view kFacts[] = {"schema", "time", "level", "event"};

}  // namespace

Result<std::string> TextLineOf(std::string_view json_line) {
  const Json json = ParseOrderedJson(json_line);
  const auto text = [&](const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_string()
               ? AsWord(json[key].get<std::string>())
               : "";
  };
  std::string line = fmt::format("{} {:7} {}", text("time"), text("level"), text("event"));
  if (text("event").empty()) return InvalidArgument("{} bytes that are no event", json_line.size());
  for (const auto& [key, value] : json.items())
    if (std::find(std::begin(kFacts), std::end(kFacts), key) == std::end(kFacts))
      line += fmt::format(" {}={}", AsWord(key),
                          value.is_string() ? AsWord(value.get<std::string>()) : Dump(value));
  return line;
}

Result<int64_t> ParseLogTime(std::string_view text) {
  std::tm utc{};
  const std::string whole(text);
  const char* rest = strptime(whole.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  int64_t micros = 0;
  if (rest != nullptr && *rest == '.') {
    int64_t unit = 100'000;
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) micros += (*rest - '0') * unit;
  }
  if (rest == nullptr || std::string_view(rest) != "Z")
    return InvalidArgument("\"{}\" is no time such as 2026-03-01T09:30:00Z", text);
  return timegm(&utc) * int64_t{1'000'000} + micros;
}

std::string TextLine(int64_t time, LogLevel level, std::string_view event,
                     const LogFields& fields) {
  std::string line =
      fmt::format("{} {:7} {}", Rfc3339(time), kLogLevels[static_cast<size_t>(level)], event);
  for (const auto& [key, value] : fields) line += fmt::format(" {}={}", key, AsWord(value));
  return line;
}

std::string JsonLine(int64_t time, LogLevel level, std::string_view event,
                     const LogFields& fields) {
  Json json = {
      {"time", Rfc3339(time)}, {"level", kLogLevels[static_cast<size_t>(level)]}, {"event", event}};
  for (const auto& [key, value] : fields) json[std::string(key)] = AsJson(value);
  return Dump(json);
}

}  // namespace tributary
