#pragma once
// Who hears of everything that happens in a federation, for logs and metrics. Called on the
// driver's thread, in order, after what happened is durable; must not block.

#include <span>

#include "coordinator/core/record.h"
#include "proto/message.h"

namespace tributary::daemon {

class Run;

class Observer {
 public:
  virtual ~Observer() = default;

  // A run that was just submitted, or that a restarted coordinator has found.
  virtual void Opened(const Run& run, bool is_new) = 0;
  // The store needed `took` to make them durable.
  virtual void Recorded(const Run& run, std::span<const coordinator::Record> records,
                        Duration took) = 0;
  virtual void Halted(const Run& run, const Error& why) = 0;
  virtual void Recovered(const Run& run) = 0;  // goes on where it had halted

  virtual void Connected(const ClientId& client, const proto::Hello& hello) = 0;
  virtual void Disconnected(const ClientId& client) = 0;
  virtual void Refused(const ClientId& client, const Error& why) = 0;
  // An update whose bytes are not what its task asked for.
  virtual void Rejected(const Run& run, const ClientId& client, const Error& why) = 0;
  // It has had so many of them that it takes no part until an administrator releases it.
  virtual void Quarantined(const ClientId& client, const Error& why) = 0;
  virtual void Released(const ClientId& client) = 0;
  // It has connected while it was connected from another address.
  virtual void Elsewhere(const ClientId& client, std::string_view before, std::string_view now) = 0;
  // A client could not or would not do a task; `detail` is in its own words.
  virtual void Failed(const Run& run, const ClientId& client, Reason reason,
                      std::string_view detail) = 0;
};

}  // namespace tributary::daemon
