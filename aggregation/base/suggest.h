#pragma once
// "Did you mean": the nearest of the names that exist, for messages about a name that does not.

#include <span>
#include <string>
#include <string_view>

namespace tributary {

// The candidate nearest to `name` by edit distance (Levenshtein, case ignored), the first of
// equals; empty if none is within a third of the name's length (at least 2), or if as much would
// differ as the name has letters. Names beyond 64 bytes have none.
std::string_view Nearest(std::string_view name, std::span<const std::string_view> candidates);

// " (did you mean \"text\"?)", or nothing: to be put behind a message.
std::string DidYouMean(std::string_view name, std::span<const std::string_view> candidates);
std::string DidYouMean(std::string_view name, std::span<const std::string> candidates);

}  // namespace tributary
