#pragma once
// Two who hear the same, one after the other.

#include "coordinator/daemon/observer.h"

namespace tributary::monitor {

class Observers : public daemon::Observer {
 public:
  // Both outlive the object.
  Observers(daemon::Observer& first, daemon::Observer& second) : both_{&first, &second} {}

  void Opened(const daemon::Run& run, bool is_new) override {
    for (auto* o : both_) o->Opened(run, is_new);
  }
  void Recorded(const daemon::Run& run, std::span<const coordinator::Record> records,
                Duration took) override {
    for (auto* o : both_) o->Recorded(run, records, took);
  }
  void Halted(const daemon::Run& run, const Error& why) override {
    for (auto* o : both_) o->Halted(run, why);
  }
  void Recovered(const daemon::Run& run) override {
    for (auto* o : both_) o->Recovered(run);
  }
  void Connected(const ClientId& client, const proto::Hello& hello) override {
    for (auto* o : both_) o->Connected(client, hello);
  }
  void Disconnected(const ClientId& client) override {
    for (auto* o : both_) o->Disconnected(client);
  }
  void Refused(const ClientId& client, const Error& why) override {
    for (auto* o : both_) o->Refused(client, why);
  }
  void Rejected(const daemon::Run& run, const ClientId& client, const Error& why) override {
    for (auto* o : both_) o->Rejected(run, client, why);
  }
  void Failed(const daemon::Run& run, const ClientId& client, Reason reason,
              std::string_view detail) override {
    for (auto* o : both_) o->Failed(run, client, reason, detail);
  }

 private:
  daemon::Observer* const both_[2];
};

}  // namespace tributary::monitor
