#pragma once
// A commented configuration file to begin with, of any kind, made from its list of keys.

#include <span>
#include <string>

#include "coordinator/config/keys.h"

namespace tributary::config {

// A key that stands in the file, with the value of its slot; all others stand there as comments,
// with theirs, the default.
struct ShownKey {
  std::string_view path;
  std::string_view edit = {};  // what has to be put in its place; empty: good as it is
};

inline constexpr std::string_view kEditMark = "# EDIT";  // behind each value that has to be changed

// Every section and key with its help, `title` above them. Reading the result gives the slots'
// values again, also after any of the comments "# key = value" became a line.
std::string RenderExample(std::string_view title, std::span<const Key> keys,
                          std::span<const SectionHelp> sections, std::span<const ShownKey> shown);

}  // namespace tributary::config
