#include "coordinator/service/log_stream.h"

#include <deque>

#include "coordinator/monitor/event_log.h"
#include "coordinator/service/reactor.h"
#include "proto/convert.h"
#include "proto/rpc/bytes.h"

namespace tributary::service {
namespace {

using Base = grpc::ServerWriteReactor<grpc::ByteBuffer>;

constexpr size_t kAtOnce = 512;  // events that are looked at in one go on the driver's thread

// Every field but those marked is the driver's thread's alone.
class LogStream : public Reactor<LogStream, Base> {
 public:
  LogStream(daemon::Driver& driver, RecentEvents& recent) : driver_(driver), recent_(recent) {}

  void Stream(proto::LogsRequest request) {
    const auto level = LogLevelFromName(request.level.empty() ? "info" : request.level);
    if (!level) return End({Code::kInvalidArgument, "level: " + level.error().message});
    request_ = std::move(request), level_ = *level;
    listener_ = recent_.Listen([this] { OnEvent(); });
    Ask();
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return End({Code::kCancelled, "the stream was broken off"});
    {
      const std::scoped_lock lock(mutex_);
      if (is_ended_) return;
      out_.pop_front();
      if (!out_.empty()) return StartWrite(&out_.front());
    }
    Ask();
  }
  void OnDone() override {
    recent_.Forget(listener_);
    Reactor::OnDone();
  }

 private:
  void OnEvent() {
    {
      const std::scoped_lock lock(mutex_);
      is_stale_ = true;
      if (is_ended_ || is_busy_) return;
    }
    Ask();
  }
  void Ask() {
    {
      const std::scoped_lock lock(mutex_);
      is_busy_ = true, is_stale_ = false;
    }
    const bool posted =
        driver_.Post([self = shared_from_this()](daemon::Federation& f) { self->Collect(f); });
    if (!posted) End({Code::kUnavailable, "the coordinator stops"});
  }

  void Collect(daemon::Federation& federation) {
    const daemon::Run* run = nullptr;
    if (!request_.run.value.empty()) {
      const auto found = federation.RunOf(request_.run);
      if (!found) return End(found.error());
      run = *found;
    }
    std::deque<grpc::ByteBuffer> lines;
    const bool is_all = !(run != nullptr && TakeRecords(*run, &lines)) && !TakeEvents(&lines);
    const bool is_over = is_all && (!request_.follow || (run != nullptr && run->is_finished()));
    bool again = false;
    {
      const std::scoped_lock lock(mutex_);
      if (is_ended_) return;
      out_ = std::move(lines);
      if (!out_.empty()) return StartWrite(&out_.front());
      if (is_over) return EndLocked({Code::kOk, ""});
      again = !is_all || is_stale_;
      is_busy_ = again;
    }
    if (again) Ask();
  }

  // What the newest events do not have any more. True if there was something to look at.
  bool TakeRecords(const daemon::Run& run, std::deque<grpc::ByteBuffer>* lines) {
    const auto& records = run.records();
    if (!teller_) {
      const int64_t told = recent_.Count(request_.run.value, monitor::IsRecordEvent);
      before_ = records.size() - std::min(records.size(), static_cast<size_t>(told));
      teller_.emplace(request_.run, records);
    }
    const size_t begin = next_record_, end = std::min(before_, begin + kAtOnce);
    for (; next_record_ < end; ++next_record_) {
      monitor::RecordEvent event = teller_->Tell(records[next_record_]);
      event.fields.emplace_back("from", "journal");
      const int64_t time = teller_->time().since_epoch.count();
      if (IsWanted(time, event.level))
        Take(JsonLine(time, event.level, event.name, event.fields), lines);
    }
    return end > begin;
  }

  bool TakeEvents(std::deque<grpc::ByteBuffer>* lines) {
    const std::vector<RecentEvent> events = recent_.After(seen_, kAtOnce);
    if (events.empty()) return false;
    if (seen_ > 0 && events.front().number > seen_ + 1)
      Take(JsonLine(events.front().time, LogLevel::kWarning, "events_lost",
                    {{"count", events.front().number - seen_ - 1}}),
           lines);
    for (const RecentEvent& event : events)
      if ((request_.run.value.empty() || event.run == request_.run.value) &&
          IsWanted(event.time, event.level))
        Take(event.line, lines);
    seen_ = events.back().number;
    return true;
  }

  bool IsWanted(int64_t time, LogLevel level) const {
    return level >= level_ && time >= request_.since.since_epoch.count();
  }
  static void Take(std::string_view line, std::deque<grpc::ByteBuffer>* lines) {
    lines->push_back(rpc::ToBuffer(
        proto::Encode(proto::Document{{fmt::format("{{\"schema\":1,{}", line.substr(1))}})));
  }

  daemon::Driver& driver_;
  RecentEvents& recent_;
  proto::LogsRequest request_;
  LogLevel level_ = LogLevel::kInfo;
  int64_t listener_ = 0;
  std::optional<monitor::RecordTeller> teller_;
  size_t next_record_ = 0, before_ = 0;  // of the journal; those before the newest events
  int64_t seen_ = 0;                     // number of the newest event that was looked at

  // With mutex_ held:
  std::deque<grpc::ByteBuffer> out_;  // the first is being written
  bool is_busy_ = true;               // collects or writes
  bool is_stale_ = false;             // something happened since it was asked
};

}  // namespace

Base* StreamLogs(daemon::Driver& driver, RecentEvents& recent, Gate& gate,
                 const Result<Caller>& caller, const grpc::ByteBuffer& request) {
  auto stream = std::make_shared<LogStream>(driver, recent);
  auto wanted = proto::Decode<proto::LogsRequest>(rpc::ToBytes(request));
  if (!stream->Begin(gate, caller, "Admin/Logs")) return stream.get();
  if (wanted)
    stream->Stream(*std::move(wanted));
  else
    stream->Refuse(Refusal::kMalformed, wanted.error());
  return stream.get();
}

}  // namespace tributary::service
