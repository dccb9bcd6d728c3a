#pragma once
// An append-only log whose lines are chained by SHA-256 (entry.h), so that whoever changes it later
// is found: a directory of segments, each of which goes on from its predecessor's last hash, and
// head.json, which remembers where the log ends.

#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>

#include "aggregation/base/file_handle.h"
#include "privacy/audit/entry.h"

namespace tributary::audit {

struct LogOptions {
  int64_t segment_bytes = 8 << 20;  // a new segment is begun beyond this
};

// One owner for each directory. Any thread may append.
class Log {
 public:
  // Makes the directory where it is missing; drops a torn last line. DATA_LOSS when the last
  // segments are not what was written, FAILED_PRECONDITION while another process writes them.
  static Result<std::unique_ptr<Log>> Open(const std::filesystem::path& directory,
                                           LogOptions options = {});
  Log(const Log&) = delete;

  // Durable on OK. `fields` is an object of what is logged. After an error nothing of the line
  // remains, and it may be tried again, unless not even that could be made sure: then every later
  // call fails.
  Status Append(const nlohmann::json& fields);

  // What opening had to drop, for people; empty as a rule.
  const std::string& notice() const { return notice_; }

 private:
  Log(std::filesystem::path directory, LogOptions options)
      : directory_(std::move(directory)), options_(options) {}
  Status BeginSegment(int64_t number);
  Status Write(const std::string& line);

  const std::filesystem::path directory_;
  const LogOptions options_;
  std::string notice_;

  std::mutex mutex_;
  FileHandle segment_;
  int64_t number_ = 1, size_ = 0;
  Head head_;
  bool is_broken_ = false;
};

}  // namespace tributary::audit
