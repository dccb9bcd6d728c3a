#pragma once
// The one test of UTF-8 that data must pass: RFC 3629, so no overlong forms, no surrogates, nothing
// beyond U+10FFFF. NUL is a valid character here; who forbids it says so.

#include <cstddef>
#include <string_view>

namespace tributary {

// The position of the first byte that begins no valid sequence, or text.size() if all is valid.
size_t ValidUtf8Prefix(std::string_view text);

inline bool IsUtf8(std::string_view text) { return ValidUtf8Prefix(text) == text.size(); }

// `text` cut to at most `limit` bytes, never within a character. `text` is UTF-8.
std::string_view CutUtf8(std::string_view text, size_t limit);

}  // namespace tributary
