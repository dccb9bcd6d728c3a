#pragma once
// Several who hear the same, one after the other.

#include <vector>

#include "coordinator/daemon/observer.h"

namespace tributary::monitor {

class Observers : public daemon::Observer {
 public:
  // All outlive the object.
  explicit Observers(std::vector<daemon::Observer*> all) : all_(std::move(all)) {}

  void Opened(const daemon::Run& run, bool is_new) override {
    for (auto* o : all_) o->Opened(run, is_new);
  }
  void Recorded(const daemon::Run& run, std::span<const coordinator::Record> records,
                Duration took) override {
    for (auto* o : all_) o->Recorded(run, records, took);
  }
  void Halted(const daemon::Run& run, const Error& why) override {
    for (auto* o : all_) o->Halted(run, why);
  }
  void Recovered(const daemon::Run& run) override {
    for (auto* o : all_) o->Recovered(run);
  }
  void Connected(const ClientId& client, const proto::Hello& hello) override {
    for (auto* o : all_) o->Connected(client, hello);
  }
  void Disconnected(const ClientId& client) override {
    for (auto* o : all_) o->Disconnected(client);
  }
  void Refused(const ClientId& client, const Error& why) override {
    for (auto* o : all_) o->Refused(client, why);
  }
  void Rejected(const daemon::Run& run, const ClientId& client, const Error& why) override {
    for (auto* o : all_) o->Rejected(run, client, why);
  }
  void Quarantined(const ClientId& client, const Error& why) override {
    for (auto* o : all_) o->Quarantined(client, why);
  }
  void Released(const ClientId& client) override {
    for (auto* o : all_) o->Released(client);
  }
  void Elsewhere(const ClientId& client, std::string_view before, std::string_view now) override {
    for (auto* o : all_) o->Elsewhere(client, before, now);
  }
  void Failed(const daemon::Run& run, const ClientId& client, Reason reason,
              std::string_view detail) override {
    for (auto* o : all_) o->Failed(run, client, reason, detail);
  }

 private:
  const std::vector<daemon::Observer*> all_;
};

}  // namespace tributary::monitor
