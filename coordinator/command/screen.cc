#include "coordinator/command/screen.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace tributary {
namespace {

std::string_view Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// By the first of the variables that is set, as the C library decides.
bool SpeaksUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (const std::string_view value = Variable(name); !value.empty())
      return value.find("UTF-8") != value.npos || value.find("utf8") != value.npos;
  return false;
}

}  // namespace

bool Screen::IsThere() {
  const std::string_view kind = Variable("TERM");
  return isatty(STDOUT_FILENO) == 1 && !kind.empty() && kind != "dumb";
}

Screen::Screen() : colour_(Variable("NO_COLOR").empty()), utf8_(SpeaksUtf8()) {
  Resized();
  fmt::print("\033[?1049h\033[?25l\033[?7l");  // the other screen, no cursor, no wrapping
  std::fflush(stdout);
}

Screen::~Screen() {
  fmt::print("\033[?7h\033[?25h\033[?1049l");
  std::fflush(stdout);
}

bool Screen::Resized() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return false;
  const bool is_other = size.ws_col != width_ || size.ws_row != height_;
  width_ = size.ws_col, height_ = size.ws_row;
  return is_other;
}

void Screen::Draw(const std::vector<std::string>& lines) {
  std::string picture = "\033[H";
  const size_t count = std::min(lines.size(), height_);
  for (size_t i = 0; i < count; ++i)
    picture += fmt::format("{}{}\033[K", i > 0 ? "\r\n" : "", lines[i]);
  fmt::print("{}\033[J", picture);
  std::fflush(stdout);
}

}  // namespace tributary
