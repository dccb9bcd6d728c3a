#pragma once
// Lines from a file descriptor as they come: a reader that answers line by line must know whether
// another one is already there, which streams do not tell.

#include <string>
#include <string_view>

#include "aggregation/base/status.h"

namespace tributary::client {

class InputLines {
 public:
  static constexpr size_t kMaxLine = size_t{8} << 20;  // bytes; a longer line is an error

  // Standard input, or a file. Errors name the path.
  static InputLines StandardInput() { return InputLines(0, "standard input"); }
  static Result<InputLines> Open(const std::string& path);
  InputLines(InputLines&& other) noexcept;
  ~InputLines();

  // The next line without its end ("\n" or "\r\n"); false at the end. What follows the last line
  // end is a line if it is not empty.
  Result<bool> Next(std::string* line);
  // True if a line, or the end, is there or comes within some hundredths of a second.
  bool IsReady() const;

  int64_t line() const { return line_; }  // number of the line that was read last, from 1
  const std::string& name() const { return name_; }

 private:
  InputLines(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
  int descriptor_;
  std::string name_, buffer_;
  size_t begin_ = 0;
  bool ended_ = false;
  int64_t line_ = 0;
};

}  // namespace tributary::client
