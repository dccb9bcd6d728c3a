#include "privacy/audit/log.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <tuple>

#include "aggregation/base/file.h"
#include "privacy/audit/verify.h"

namespace tributary::audit {

Result<std::unique_ptr<Log>> Log::Open(const std::filesystem::path& directory, LogOptions options) {
  RETURN_IF_ERROR(MakeDirectories(directory));
  ASSIGN_OR_RETURN(const Verified tail, VerifyTail(directory));
  auto log = std::unique_ptr<Log>(new Log(directory, options));
  log->head_ = tail.head;
  RETURN_IF_ERROR(log->BeginSegment(std::max<int64_t>(tail.segments, 1)));
  if (tail.torn_bytes == 0) return log;
  log->size_ -= tail.torn_bytes;
  const auto file = SegmentFile(directory, log->number_);
  if (::ftruncate(log->segment_.get(), log->size_) != 0 || ::fsync(log->segment_.get()) != 0)
    return SystemError(file, "cut off a torn line");
  log->notice_ = fmt::format("{}: dropped {} bytes of a last line that was torn", file.string(),
                             tail.torn_bytes);
  return log;
}

Status Log::BeginSegment(int64_t number) {
  const auto file = SegmentFile(directory_, number);
  FileHandle segment(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  struct stat facts {};
  if (segment.get() < 0 || ::fstat(segment.get(), &facts) != 0) return SystemError(file, "open");
  if (::flock(segment.get(), LOCK_EX | LOCK_NB) != 0)
    return MakeError(Code::kFailedPrecondition, "{}: another process writes it", file.string());
  segment_ = std::move(segment);
  number_ = number;
  size_ = facts.st_size;
  return SyncDirectory(directory_);
}

Status Log::Append(const nlohmann::json& fields) {
  const std::scoped_lock lock(mutex_);
  if (is_broken_)
    return MakeError(Code::kFailedPrecondition, "{}: an earlier write failed; start again",
                     directory_.string());
  if (size_ >= options_.segment_bytes) RETURN_IF_ERROR(BeginSegment(number_ + 1));
  Head next = head_;
  const std::string line = MakeLine(fields, &next);
  if (line.size() > kMaxLine)
    return InvalidArgument("a line of {} bytes for {}, at most {}", line.size(),
                           directory_.string(), kMaxLine);
  if (Status written = Write(line); !written) {
    is_broken_ = ::ftruncate(segment_.get(), size_) != 0 || ::fsync(segment_.get()) != 0;
    return written;
  }
  size_ += static_cast<int64_t>(line.size());
  head_ = next;
  // The line is there and counts, whatever becomes of this: an older head claims less.
  std::ignore = WriteFile(HeadFile(directory_), HeadText(head_));
  return {};
}

Status Log::Write(const std::string& line) {
  const auto file = SegmentFile(directory_, number_);
  RETURN_IF_ERROR(WriteAll(segment_.get(), line, file));
  if (::fsync(segment_.get()) != 0) return SystemError(file, "sync");
  return {};
}

}  // namespace tributary::audit
