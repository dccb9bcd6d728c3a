#include "client/command/input_lines.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "aggregation/base/file.h"

namespace tributary::client {
namespace {
constexpr size_t kBlock = 1 << 16;
constexpr int kPatience =
    50;  // milliseconds: a pipe that is being filled is not mistaken for one that waits
}  // namespace

Result<InputLines> InputLines::Open(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return InvalidArgument("{}: is a directory, expected a file", path);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return SystemError(path, "open");
  return InputLines(descriptor, path);
}

InputLines::InputLines(InputLines&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      name_(std::move(other.name_)),
      buffer_(std::move(other.buffer_)),
      begin_(other.begin_),
      ended_(other.ended_),
      line_(other.line_) {}

InputLines::~InputLines() {
  if (descriptor_ > 0) close(descriptor_);
}

Result<bool> InputLines::Next(std::string* line) {
  size_t searched = begin_, end = 0;
  while ((end = buffer_.find('\n', searched)) == std::string::npos && !ended_) {
    if (buffer_.size() - begin_ > kMaxLine)
      return InvalidArgument("{}: line {} has more than {} bytes", name_, line_ + 1, kMaxLine);
    buffer_.erase(0, begin_);
    begin_ = 0;
    const size_t had = searched = buffer_.size();
    buffer_.resize(had + kBlock);
    const ssize_t got = read(descriptor_, buffer_.data() + had, kBlock);
    buffer_.resize(had + static_cast<size_t>(got > 0 ? got : 0));
    if (got < 0 && errno != EINTR) return SystemError(name_, "read");
    ended_ = got == 0;
  }
  if (end == std::string::npos) end = buffer_.size();
  if (begin_ == buffer_.size()) return false;
  line->assign(buffer_, begin_, end - begin_);
  begin_ = std::min(end + 1, buffer_.size());
  if (line->ends_with('\r')) line->pop_back();
  ++line_;
  return true;
}

bool InputLines::IsReady() const {
  if (ended_ || buffer_.find('\n', begin_) != std::string::npos) return true;
  pollfd poll_for{descriptor_, POLLIN, 0};
  return poll(&poll_for, 1, kPatience) > 0;
}

}  // namespace tributary::client
