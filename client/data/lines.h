#pragma once
// A text file as a stream of lines of limited length. What is plainly no UTF-8 text (an archive,
// UTF-16, bytes with NULs at the start) is refused when it is opened, by its name and what it is.

#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <string_view>

#include "aggregation/base/status.h"

namespace tributary::data {

// Opens a regular file (or pipe) for reading: missing, a directory or not readable is an error that
// names the path.
Result<std::unique_ptr<std::istream>> OpenText(const std::string& path);

// Reads lines with their ends ("\n", "\r\n", or nothing at the end of the file). A byte order mark
// at the start is dropped. One thread at a time; memory is one block and the caller's line.
class LineReader {
 public:
  // `name` is what errors call the stream.
  static Result<LineReader> Open(std::unique_ptr<std::istream> stream, std::string name,
                                 size_t max_line_bytes);

  // Appends the next line to `out`; false at the end. A line beyond the limit is read to its end,
  // its first max_line_bytes are appended and overlong() holds.
  Result<bool> Append(std::string* out);

  int64_t line() const { return line_; }  // number of the line that was read last, from 1
  bool overlong() const { return overlong_; }
  const std::string& name() const { return name_; }

 private:
  LineReader() = default;
  Status Fill();

  std::unique_ptr<std::istream> stream_;
  std::string name_;
  std::string block_;
  size_t begin_ = 0, end_ = 0, max_line_bytes_ = 0;
  int64_t line_ = 0;
  bool overlong_ = false, finished_ = false;
};

}  // namespace tributary::data
