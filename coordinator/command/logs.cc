// tributary logs

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "aggregation/base/units.h"
#include "aggregation/log/log.h"
#include "coordinator/command/following.h"
#include "coordinator/command/remote.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

using Heard = Following::Heard;

struct Options {
  RemoteOptions remote;
  std::string since;
  proto::LogsRequest request{{}, "info", {}, false};
};

// A time, or how long ago.
Result<TimePoint> SinceOf(const std::string& text) {
  if (text.find('T') != text.npos) {
    ASSIGN_OR_RETURN(const int64_t micros, ParseLogTime(text));
    return TimePoint{Duration(micros)};
  }
  const auto ago = ParseDuration(text);
  if (!ago)
    return InvalidArgument(
        "--since {}: expected how long ago, such as 10m, or a time such as "
        "2026-03-01T09:30:00Z",
        text);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return TimePoint{std::max(Duration(0), std::chrono::duration_cast<Duration>(now) - *ago)};
}

class Logs {
 public:
  Logs(const Options& options, rpc::Channel& channel)
      : channel_(channel), is_json_(options.remote.json), request_(options.request) {}

  Result<int> Run() {
    Following following(channel_, "Admin/Logs", [this](rpc::Stream& stream) {
      const std::scoped_lock lock(mutex_);
      if (stream.Write(request_)) stream.WritesDone();
    });
    for (;;) {
      ASSIGN_OR_RETURN(const Heard heard, following.Next(kGlance));
      if (IsInterrupted()) return kInterrupted;
      SayLink(heard);
      if (heard.what == Heard::kEnd) return kDone;
      if (heard.what == Heard::kDocument) RETURN_IF_ERROR(Print(heard.text));
    }
  }

 private:
  Status Print(const std::string& line) {
    std::string text = line;
    if (!is_json_) {
      ASSIGN_OR_RETURN(text, TextLineOf(line));
    }
    fmt::print("{}\n", text);
    std::fflush(stdout);
    // After a loss it goes on behind the newest one.
    const auto json = ParseJson(line);
    if (!json.is_object() || !json.contains("time") || !json["time"].is_string()) return {};
    const auto time = ParseLogTime(json["time"].get<std::string>());
    const std::scoped_lock lock(mutex_);
    if (time) request_.since = std::max(request_.since, TimePoint{Duration(*time + 1)});
    return {};
  }

  rpc::Channel& channel_;
  const bool is_json_;
  std::mutex mutex_;
  proto::LogsRequest request_;
};

Result<int> Run(Options& options) {
  if (!options.since.empty()) {
    ASSIGN_OR_RETURN(options.request.since, SinceOf(options.since));
  }
  ASSIGN_OR_RETURN(const auto channel, OpenRemote(options.remote));
  CatchInterrupts();
  return Logs(options, *channel).Run();
}

}  // namespace

CommandBody AddLogs(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("RUN", options->request.run.value,
              "Events of this run; without it those of all runs and of the coordinator itself");
  line.Flag("-f,--follow", options->request.follow,
            "Go on with what happens, until the run has ended or Ctrl-C");
  line.Option("--level", options->request.level, "This and what is graver (default: info)")
      .OneOf({std::begin(kLogLevels), std::end(kLogLevels)});
  line.Option("--since", options->since,
              "How long ago, such as 10m, or a time such as 2026-03-01T09:30:00Z")
      .TypeName("TIME");
  AddRemoteOptions(line, &options->remote);
  line.Footer(
      "The coordinator keeps its newest 8192 events (at most 4 MiB) in memory, whatever its own "
      "log.level. What is older, or from before its last start, is told from the run's journal "
      "(from=journal): rounds, updates, clients that ended, pauses; not connections, refusals and "
      "words of clients, which are in its log file alone. With --format json one object a "
      "line.\nExamples:\n  tributary logs flora-1 --follow\n"
      "  tributary logs --level warning --since 1h --format json");
  return [options] { return Run(*options); };
}

}  // namespace tributary
