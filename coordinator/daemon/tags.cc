#include "coordinator/daemon/tags.h"

#include <algorithm>

namespace tributary::daemon {

bool Fits(const Tags& where, const Tags& tags) {
  return std::all_of(where.begin(), where.end(), [&](const auto& wanted) {
    const auto it = tags.find(wanted.first);
    return it != tags.end() && it->second == wanted.second;
  });
}

Result<Tags> ReadTags(std::span<const std::string> pairs) {
  Tags tags;
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos)
      return InvalidArgument("\"{}\": expected tag=value", pair);
    tags[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return tags;
}

}  // namespace tributary::daemon
