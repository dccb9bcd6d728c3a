#pragma once
// What a daemon tells: one line for each event, with a stable name and fields, as text or JSON, on
// standard error and optionally in files that rotate by size. Values come from strangers, so they
// are escaped and cut; secrets and contents of updates are never given to a log.
//
//   2026-03-01T09:30:00.123456Z info  stage_committed run=fedit-1 round=3 accepted=8
//   {"time":"2026-03-01T09:30:00.123456Z","level":"info","event":"stage_committed","run":...}
//
// Any thread may write. Writing never waits for a disk or a reader: lines go through a bounded
// queue, and when it is full the oldest are lost, since a log that nobody reads must not stop a
// federation. What was written is out when the log is destroyed.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "aggregation/base/status.h"

namespace tributary {

enum class LogLevel : int { kDebug, kInfo, kWarning, kError };
inline constexpr std::string_view kLogLevels[] = {"debug", "info", "warning", "error"};
Result<LogLevel> LogLevelFromName(std::string_view name);

struct LogOptions {
  std::string level = "info";      // of kLogLevels
  std::string format = "text";     // or "json"
  std::filesystem::path file;      // beside standard error; empty: none
  std::string max_size = "16MiB";  // of a file, before it is rotated
  int64_t files = 5;               // that are kept beside the one being written
};

using LogValue = std::variant<bool, int64_t, double, std::string>;
using LogFields = std::vector<std::pair<std::string_view, LogValue>>;

inline constexpr size_t kMostLogValue = 1024;  // bytes; longer ones are cut

class RecentEvents;

class Log {
 public:
  // INVALID_ARGUMENT names the key log.…; a file that cannot be written is an error, too.
  static Result<std::unique_ptr<Log>> Open(const LogOptions& options);
  ~Log();

  void Write(LogLevel level, std::string_view event, const LogFields& fields = {});
  void Debug(std::string_view event, const LogFields& fields = {}) {
    Write(LogLevel::kDebug, event, fields);
  }
  void Info(std::string_view event, const LogFields& fields = {}) {
    Write(LogLevel::kInfo, event, fields);
  }
  void Warning(std::string_view event, const LogFields& fields = {}) {
    Write(LogLevel::kWarning, event, fields);
  }
  void Error(std::string_view event, const LogFields& fields = {}) {
    Write(LogLevel::kError, event, fields);
  }

  // Events of every level go there too from now on. It outlives the log; before the first thread.
  void KeepIn(RecentEvents* recent) { recent_ = recent; }
  void SetLevel(LogLevel level);
  // Waits, for a second at most, until what was written is out; for a process that ends itself.
  void Flush();
  bool is_json() const { return is_json_; }

 private:
  struct Sinks;
  Log(bool is_json, LogLevel level);
  const bool is_json_;
  RecentEvents* recent_ = nullptr;
  std::unique_ptr<Sinks> sinks_;
};

// One line without its end; `time` is microseconds since 1970.
std::string TextLine(int64_t time, LogLevel level, std::string_view event, const LogFields& fields);
std::string JsonLine(int64_t time, LogLevel level, std::string_view event, const LogFields& fields);
// The first of the second: INVALID_ARGUMENT for what is no event. `schema` is left out.
Result<std::string> TextLineOf(std::string_view json_line);
// Microseconds since 1970 of a time as lines have it; the part after the seconds may be missing.
Result<int64_t> ParseLogTime(std::string_view text);

}  // namespace tributary
