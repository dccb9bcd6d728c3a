#pragma once
// Records as lines of text: "client_ended sequence=3 client=a reason=late". Name, then every field
// once in its declared order, separated by one space. Bytes of names other than letters, digits and
// _ . - are written %XX; lists are separated by commas, parts of an element by colons; numbers are
// the shortest that read back the same; times are microseconds.
//
// For variants whose alternatives have kName and Fields (coordinator/core/record.h). A folder adds
// Write and Read for its own types beside them; they are found by their arguments.

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>
#include <variant>

#include "aggregation/base/task.h"

namespace tributary::line_form {

inline constexpr size_t kMaxName = 255;

inline bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

// --- writing ---

inline void Write(std::string& out, int64_t value) { out += fmt::format("{}", value); }
inline void Write(std::string& out, double value) { out += fmt::format("{}", value); }
inline void Write(std::string& out, bool value) { out += value ? '1' : '0'; }
inline void Write(std::string& out, const Digest& value) { out += value.Hex(); }
inline void Write(std::string& out, TimePoint value) { Write(out, value.since_epoch.count()); }
inline void Write(std::string& out, Reason value) { out += Name(value); }
inline void Write(std::string& out, TaskKind value) { out += Name(value); }
inline void Write(std::string& out, const std::string& value) {
  for (char c : value) {
    if (IsPlain(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
}
inline void Write(std::string& out, const ClientId& value) { Write(out, value.value); }
inline void Write(std::string& out, const Metric& metric) {
  Write(out, metric.name);
  out += ':';
  Write(out, metric.value);
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

inline bool Read(std::string_view text, int64_t& value) { return ReadNumber(text, value); }
inline bool Read(std::string_view text, double& value) {
  return ReadNumber(text, value) && std::isfinite(value);
}
inline bool Read(std::string_view text, bool& value) {
  value = text == "1";
  return text == "0" || text == "1";
}
inline bool Read(std::string_view text, Digest& value) {
  const Result<Digest> digest = Digest::FromHex(text);
  if (digest.has_value()) value = *digest;
  return digest.has_value();
}
inline bool Read(std::string_view text, TimePoint& value) {
  int64_t count = 0;
  if (!Read(text, count)) return false;
  value = TimePoint{Duration(count)};
  return true;
}
inline bool Read(std::string_view text, Reason& value) {
  const auto reason = ReasonFromName(text);
  if (reason) value = *reason;
  return reason.has_value();
}
inline bool Read(std::string_view text, TaskKind& value) {
  const auto kind = TaskKindFromName(text);
  if (kind) value = *kind;
  return kind.has_value();
}
inline bool Read(std::string_view text, std::string& value) {
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
  return !value.empty() && value.size() <= kMaxName;
}
inline bool Read(std::string_view text, ClientId& value) { return Read(text, value.value); }
inline bool Read(std::string_view text, Metric& metric) {
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
inline std::optional<std::string_view> TakeField(std::string_view& rest, std::string_view name) {
  if (!rest.starts_with(' ')) return std::nullopt;
  std::string_view field = rest.substr(1, rest.find(' ', 1) - 1);
  if (!field.starts_with(name) || field.substr(name.size(), 1) != "=") return std::nullopt;
  rest.remove_prefix(1 + field.size());
  return field.substr(name.size() + 1);
}

template <typename Variant, typename T>
Result<Variant> ReadOne(std::string_view rest) {
  T record;
  std::string_view bad;
  T::Fields(record, [&](std::string_view name, auto& field) {
    if (!bad.empty()) return;
    const std::optional<std::string_view> value = TakeField(rest, name);
    if (!value || !Read(*value, field)) bad = name;
  });
  if (!bad.empty()) return InvalidArgument("{}: field {} is missing or malformed", T::kName, bad);
  if (!rest.empty()) return InvalidArgument("{}: {} bytes too many", T::kName, rest.size());
  return Variant(std::move(record));
}

template <typename Variant, size_t... kIndex>
Result<Variant> ReadAny(std::string_view name, std::string_view rest,
                        std::index_sequence<kIndex...>) {
  std::optional<Result<Variant>> result;
  const auto attempt = [&]<typename T>(std::type_identity<T>) {
    if (name == T::kName) result = ReadOne<Variant, T>(rest);
  };
  (attempt(std::type_identity<std::variant_alternative_t<kIndex, Variant>>{}), ...);
  if (result) return *std::move(result);
  return InvalidArgument("record of {} bytes: unknown name", name.size() + rest.size());
}

template <typename Variant>
Result<Variant> VariantFromText(std::string_view text) {
  const size_t space = std::min(text.find(' '), text.size());
  return ReadAny<Variant>(text.substr(0, space), text.substr(space),
                          std::make_index_sequence<std::variant_size_v<Variant>>{});
}

}  // namespace tributary::line_form
