#include "coordinator/core/text.h"

#include <charconv>
#include <cmath>
#include <utility>

namespace tributary::coordinator {
namespace {

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

// --- writing ---

void Write(std::string& out, int64_t value) { out += fmt::format("{}", value); }
void Write(std::string& out, double value) { out += fmt::format("{}", value); }
void Write(std::string& out, bool value) { out += value ? '1' : '0'; }
void Write(std::string& out, const Digest& value) { out += value.Hex(); }
void Write(std::string& out, TimePoint value) { Write(out, value.since_epoch.count()); }
void Write(std::string& out, Reason value) { out += Name(value); }
void Write(std::string& out, TaskKind value) { out += Name(value); }
void Write(std::string& out, PopulationChanged::Kind value) {
  constexpr std::string_view kNames[] = {"enrolled", "connected", "disconnected", "removed"};
  out += kNames[static_cast<size_t>(value)];
}
void Write(std::string& out, OperatorRequest::Kind value) {
  constexpr std::string_view kNames[] = {"start", "pause", "resume", "stop"};
  out += kNames[static_cast<size_t>(value)];
}
void Write(std::string& out, const std::string& value) {
  for (char c : value) {
    if (IsPlain(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
}
void Write(std::string& out, const ClientId& value) { Write(out, value.value); }
void Write(std::string& out, const Metric& metric) {
  Write(out, metric.name);
  out += ':';
  Write(out, metric.value);
}
void Write(std::string& out, const AcceptedUpdate& update) {
  Write(out, update.client);
  out += ':';
  Write(out, update.digest);
  out += ':';
  Write(out, update.weight);
}
template <typename T>
void Write(std::string& out, const std::vector<T>& list) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ',';
    Write(out, list[i]);
  }
}

template <typename Variant>
std::string VariantToText(const Variant& variant) {
  return std::visit(
      [](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        std::string out(T::kName);
        T::Fields(value, [&](std::string_view name, const auto& field) {
          out += ' ';
          out += name;
          out += '=';
          Write(out, field);
        });
        return out;
      },
      variant);
}

// --- reading ---

template <typename T>
bool ReadNumber(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool Read(std::string_view text, int64_t& value) { return ReadNumber(text, value); }
bool Read(std::string_view text, double& value) {
  return ReadNumber(text, value) && std::isfinite(value);
}
bool Read(std::string_view text, bool& value) {
  value = text == "1";
  return text == "0" || text == "1";
}
bool Read(std::string_view text, Digest& value) {
  const Result<Digest> digest = Digest::FromHex(text);
  if (digest.has_value()) value = *digest;
  return digest.has_value();
}
bool Read(std::string_view text, TimePoint& value) {
  int64_t count = 0;
  if (!Read(text, count)) return false;
  value = TimePoint{Duration(count)};
  return true;
}
bool Read(std::string_view text, Reason& value) {
  const auto reason = ReasonFromName(text);
  if (reason) value = *reason;
  return reason.has_value();
}
bool Read(std::string_view text, TaskKind& value) {
  const auto kind = TaskKindFromName(text);
  if (kind) value = *kind;
  return kind.has_value();
}
bool Read(std::string_view text, std::string& value) {
  value.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsPlain(text[i])) {
      value += text[i];
      continue;
    }
    unsigned byte = 0;
    if (text[i] != '%' || i + 2 >= text.size()) return false;
    const char* digits = text.data() + i + 1;
    const auto [end, error] = std::from_chars(digits, digits + 2, byte, 16);
    if (error != std::errc() || end != digits + 2) return false;
    value += static_cast<char>(byte);
    i += 2;
  }
  return !value.empty() && value.size() <= kMaxNameBytes;
}
bool Read(std::string_view text, ClientId& value) { return Read(text, value.value); }
bool Read(std::string_view text, Metric& metric) {
  const size_t colon = text.find(':');
  return colon != std::string_view::npos && Read(text.substr(0, colon), metric.name) &&
         Read(text.substr(colon + 1), metric.value);
}
template <typename T>
bool Read(std::string_view text, std::vector<T>& list) {
  list.clear();
  while (!text.empty()) {
    const size_t comma = text.find(',');
    T item;
    if (!Read(text.substr(0, comma), item)) return false;
    list.push_back(std::move(item));
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
    if (text.empty()) return false;  // a comma at the end
  }
  return true;
}

// Takes " name=value" off the front of `rest`.
std::optional<std::string_view> TakeField(std::string_view& rest, std::string_view name) {
  if (!rest.starts_with(' ')) return std::nullopt;
  std::string_view field = rest.substr(1, rest.find(' ', 1) - 1);
  if (!field.starts_with(name) || field.substr(name.size(), 1) != "=") return std::nullopt;
  rest.remove_prefix(1 + field.size());
  return field.substr(name.size() + 1);
}

template <typename T>
Result<Record> ReadRecord(std::string_view rest) {
  T record;
  std::string_view bad;
  T::Fields(record, [&](std::string_view name, auto& field) {
    if (!bad.empty()) return;
    const std::optional<std::string_view> value = TakeField(rest, name);
    if (!value || !Read(*value, field)) bad = name;
  });
  if (!bad.empty()) return InvalidArgument("{}: field {} is missing or malformed", T::kName, bad);
  if (!rest.empty()) return InvalidArgument("{}: {} bytes too many", T::kName, rest.size());
  return Record(std::move(record));
}

template <size_t... kIndex>
Result<Record> ReadAny(std::string_view name, std::string_view rest,
                       std::index_sequence<kIndex...>) {
  std::optional<Result<Record>> result;
  const auto attempt = [&]<typename T>(std::type_identity<T>) {
    if (name == T::kName) result = ReadRecord<T>(rest);
  };
  (attempt(std::type_identity<std::variant_alternative_t<kIndex, Record>>{}), ...);
  if (result) return *std::move(result);
  return InvalidArgument("record of {} bytes: unknown name", name.size() + rest.size());
}

}  // namespace

std::string ToText(const Record& record) { return VariantToText(record); }
std::string ToText(const Event& event) { return VariantToText(event); }
std::string ToText(const Command& command) { return VariantToText(command); }

Result<Record> RecordFromText(std::string_view text) {
  const size_t space = std::min(text.find(' '), text.size());
  return ReadAny(text.substr(0, space), text.substr(space),
                 std::make_index_sequence<std::variant_size_v<Record>>{});
}

}  // namespace tributary::coordinator
