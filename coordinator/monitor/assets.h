#pragma once
// The dashboard's files (coordinator/dashboard, and Chart.js), built into the program. They say
// nothing of a project, so anybody may have them.

#include <span>
#include <string_view>

namespace tributary::monitor {

struct Asset {
  std::string_view path, type, body;
};
std::span<const Asset> Assets();

}  // namespace tributary::monitor
