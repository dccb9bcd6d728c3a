#pragma once
// A value within a tokenizer.json together with its place, so that every error says where:
// "normalizer.lowercase: found string, expected true or false". Points into a document that must
// outlive it. What the document holds is a stranger's: every access is checked.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/base/status.h"
#include "aggregation/base/utf8.h"

namespace tributary::data {

// A stranger's text as an error may quote it.
inline std::string_view Shorten(std::string_view text) { return CutUtf8(text, 100); }

class JsonField {
 public:
  JsonField(const nlohmann::json& value, std::string place)
      : value_(&value), place_(std::move(place)) {}

  const std::string& place() const { return place_; }
  const nlohmann::json& json() const { return *value_; }

  // The member `key` of an object. Get: must be there. Find: nothing if it is absent or null.
  Result<JsonField> Get(std::string_view key) const;
  Result<std::optional<JsonField>> Find(std::string_view key) const;

  Status ExpectObject() const;
  Result<bool> Boolean() const;
  Result<std::string> String() const;
  Result<int64_t> Integer(int64_t least, int64_t most) const;
  Result<std::vector<JsonField>> Elements() const;  // of an array

  // Get(key) and then the value.
  Result<bool> Boolean(std::string_view key) const;
  Result<std::string> String(std::string_view key) const;
  Result<int64_t> Integer(std::string_view key, int64_t least, int64_t most) const;

  // An error about this field: its place, then what is wrong.
  template <typename... Args>
  tl::unexpected<Error> Wrong(fmt::format_string<Args...> format, Args&&... args) const {
    const std::string what = fmt::format(format, std::forward<Args>(args)...);
    return InvalidArgument("{}{}{}", place_, place_.empty() ? "" : ": ", what);
  }

 private:
  tl::unexpected<Error> Unexpected(std::string_view expected) const;
  const nlohmann::json* value_;
  std::string place_;
};

}  // namespace tributary::data
