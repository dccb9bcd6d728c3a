#include "client/edge/sent_log.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/crash_point.h"

namespace tributary::edge {
namespace {

using Json = nlohmann::json;

Json OfTask(std::string_view what, const RunId& run, const Task& task) {
  return {{"what", what},
          {"run", run.value},
          {"task", Name(task.kind)},
          {"round", task.round},
          {"sequence", task.sequence}};
}

Status Append(audit::Log& log, const Json& line) {
  CrashPoint("before_sent_log");
  RETURN_IF_ERROR(log.Append(line));
  CrashPoint("sent_log");
  return {};
}

}  // namespace

Result<SentLog> SentLog::Open(const std::filesystem::path& directory) {
  auto log = audit::Log::Open(directory);
  if (!log)
    return Annotate(log.error(), "the journal of what was sent (to begin a new one, move it away)");
  return SentLog(*std::move(log));
}

Status SentLog::Hello(const std::string& coordinator, const proto::Hello& hello) {
  if (hello_ == hello) return {};
  RETURN_IF_ERROR(Append(*log_, {{"what", "hello"},
                                 {"coordinator", coordinator},
                                 {"program", hello.program},
                                 {"numerics", hello.numerics},
                                 {"torch", hello.torch},
                                 {"device", hello.device},
                                 {"instruction_set", hello.instruction_set}}));
  hello_ = hello;
  return {};
}

Status SentLog::Standing(const RunId& run, std::string_view standing) {
  return Append(*log_, {{"what", "standing"}, {"run", run.value}, {"standing", standing}});
}

Status SentLog::Upload(const Task& task, const proto::UploadBegin& upload) {
  Json line = OfTask("upload", upload.run, task);
  line["sha256"] = upload.digest.Hex();
  line["bytes"] = upload.size;
  return Append(*log_, line);
}

Status SentLog::Offer(const Task& task, const proto::Offer& offer) {
  Json line = OfTask("offer", offer.run, task);
  line["sha256"] = offer.digest.Hex();
  line["weight"] = offer.weight;
  line["metrics"] = Json::object();
  for (const Metric& metric : offer.metrics) line["metrics"][metric.name] = metric.value;
  return Append(*log_, line);
}

Status SentLog::Failure(const Task& task, const proto::Failure& failure) {
  Json line = OfTask("failure", failure.run, task);
  line["reason"] = Name(failure.reason);
  line["detail"] = failure.detail;
  return Append(*log_, line);
}

}  // namespace tributary::edge
