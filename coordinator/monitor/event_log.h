#pragma once
// What happens in the federation, as lines of the log: each event has the name that its record has
// in the journal, or one of those below. Weights, metrics of clients and contents of updates are
// never told.

#include <map>
#include <span>

#include "aggregation/log/log.h"
#include "coordinator/daemon/federation.h"
#include "coordinator/monitor/run_figures.h"

namespace tributary::monitor {

// What a record tells.
struct RecordEvent {
  LogLevel level = LogLevel::kInfo;
  std::string_view name;
  LogFields fields;
};
// Whether events of that name are told of records.
bool IsRecordEvent(std::string_view name);

// A run's records told again, one after the other, from its first on. A record that says no time
// has that of the one before, or of the first of `records` that says one.
class RecordTeller {
 public:
  explicit RecordTeller(RunId run, std::span<const coordinator::Record> records = {});
  RecordEvent Tell(const coordinator::Record& record);
  TimePoint time() const { return time_; }  // of the record that was told last

 private:
  RunId run_;
  RunFigures figures_;
  TimePoint time_;
};

class EventLog : public daemon::Observer {
 public:
  explicit EventLog(Log& log) : log_(log) {}

  void Opened(const daemon::Run& run, bool is_new) override;  // run_submitted, run_found
  void Recorded(const daemon::Run& run, std::span<const coordinator::Record> records,
                Duration took) override;
  void Halted(const daemon::Run& run, const Error& why) override;  // disk_full, run_halted
  void Recovered(const daemon::Run& run) override;                 // run_recovered
  void Connected(const ClientId& client, const proto::Hello& hello) override;  // client_connected
  void Disconnected(const ClientId& client) override;               // client_disconnected
  void Refused(const ClientId& client, const Error& why) override;  // client_refused
  void Rejected(const daemon::Run& run, const ClientId& client,
                const Error& why) override;                             // update_rejected
  void Quarantined(const ClientId& client, const Error& why) override;  // client_quarantined
  void Released(const ClientId& client) override;                       // client_released
  void Elsewhere(const ClientId& client, std::string_view before,
                 std::string_view now) override;  // client_elsewhere
  void Failed(const daemon::Run& run, const ClientId& client, Reason reason,
              std::string_view detail) override;  // client_failed

 private:
  void Catch(const daemon::Run& run);

  Log& log_;
  std::map<RunId, RecordTeller> runs_;
};

}  // namespace tributary::monitor
