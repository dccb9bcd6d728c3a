#include "aggregation/log/log.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "aggregation/base/units.h"
#include "aggregation/log/recent.h"

namespace tributary {
namespace {

constexpr size_t kQueued = 4096;  // lines that wait to be written

}  // namespace

struct Log::Sinks {
  std::atomic<LogLevel> level;
  std::shared_ptr<spdlog::details::thread_pool> thread;
  std::shared_ptr<spdlog::async_logger> logger;
};

Result<LogLevel> LogLevelFromName(std::string_view name) {
  for (size_t i = 0; i < std::size(kLogLevels); ++i)
    if (kLogLevels[i] == name) return static_cast<LogLevel>(i);
  return InvalidArgument("log.level = \"{}\", expected debug, info, warning or error", name);
}

Log::Log(bool is_json, LogLevel level) : is_json_(is_json), sinks_(std::make_unique<Sinks>()) {
  sinks_->level = level;
}

Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::Open(const LogOptions& options) {
  ASSIGN_OR_RETURN(const LogLevel level, LogLevelFromName(options.level));
  if (options.format != "text" && options.format != "json")
    return InvalidArgument("log.format = \"{}\", expected text or json", options.format);
  auto log = std::unique_ptr<Log>(new Log(options.format == "json", level));
  std::vector<spdlog::sink_ptr> sinks = {std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  if (!options.file.empty()) {
    const auto size = ParseSize(options.max_size);
    if (!size) return Annotate(size.error(), "log.max_size");
    try {
      sinks.push_back(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file.string(), static_cast<size_t>(std::max<int64_t>(*size, 4096)),
          static_cast<size_t>(options.files)));
    } catch (const spdlog::spdlog_ex& error) {
      return InvalidArgument("log.file = \"{}\": {}", options.file.string(), error.what());
    }
  }
  for (const auto& sink : sinks) sink->set_pattern("%v");
  Sinks& parts = *log->sinks_;
  parts.thread = std::make_shared<spdlog::details::thread_pool>(kQueued, 1);
  parts.logger =
      std::make_shared<spdlog::async_logger>("tributary", sinks.begin(), sinks.end(), parts.thread,
                                             spdlog::async_overflow_policy::overrun_oldest);
  parts.logger->set_level(spdlog::level::trace);
  parts.logger->flush_on(spdlog::level::trace);
  // A full disk must not be told of on that disk, nor end anything.
  parts.logger->set_error_handler([](const std::string&) {});
  return log;
}

void Log::Flush() {
  for (int i = 0; i < 1000 && sinks_->thread->queue_size() > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (const auto& sink : sinks_->logger->sinks()) sink->flush();
}

void Log::SetLevel(LogLevel level) { sinks_->level = level; }

void Log::Write(LogLevel level, std::string_view event, const LogFields& fields) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  if (recent_ != nullptr) recent_->Add(micros, level, event, fields);
  if (level < sinks_->level.load()) return;
  const std::string line =
      is_json_ ? JsonLine(micros, level, event, fields) : TextLine(micros, level, event, fields);
  sinks_->logger->log(spdlog::level::info, spdlog::string_view_t(line));
}

}  // namespace tributary
