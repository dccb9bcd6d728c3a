#pragma once
// The frame of every page: one self-contained file, light and dark, without a network.

#include <string>
#include <string_view>

namespace tributary::report {

std::string OpenPage(std::string_view title);      // up to and with <body>; `title` is text
std::string OpenHeader(std::string_view heading);  // the brand and the heading, which is text
std::string ClosePage(std::string_view footer);    // text; the script and the end

}  // namespace tributary::report
