#pragma once
// JSON of files and of peers, read and written in one way (by nlohmann/json).

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace tributary {

// Deeper than anything that is written here: such text takes the stack of whoever walks it.
inline constexpr int kMaxJsonDepth = 64;

// Text that is no JSON, or nested deeper, gives the library's discarded value: it is no object, no
// array, no number, no string.
nlohmann::json ParseJson(std::string_view text);
nlohmann::ordered_json ParseOrderedJson(std::string_view text);  // keys in the text's order

// On one line, or with so many spaces for each level. Bytes that are no UTF-8 are replaced.
std::string DumpJson(const nlohmann::json& json, int indent = -1);
std::string DumpJson(const nlohmann::ordered_json& json, int indent = -1);

}  // namespace tributary
