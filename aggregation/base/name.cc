#include "aggregation/base/name.h"

#include <algorithm>

namespace tributary {
namespace {

constexpr size_t kMaxName = 64;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), IsNameCharacter);
}

Status CheckName(std::string_view what, std::string_view name) {
  if (IsName(name)) return {};
  // The name itself may hold anything, so it is not shown.
  return InvalidArgument(
      "{}: {} bytes that are no name, expected 1 to {} of A-Z a-z 0-9 . _ - without . in front",
      what, name.size(), kMaxName);
}

}  // namespace tributary
