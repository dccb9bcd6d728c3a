#pragma once
// What the coordinator says over HTTP: health, metrics, and the documents of daemon/status.h. All
// but health is made on the driver's thread, from one state of the federation.

#include <atomic>

#include "coordinator/daemon/driver.h"
#include "coordinator/monitor/metrics.h"
#include "proto/http/server.h"

namespace tributary::monitor {

class Endpoints {
 public:
  // All outlive the object. `read` is called on the driver's thread.
  Endpoints(daemon::Driver& driver, Metrics& metrics, std::function<Readings()> read)
      : driver_(driver), metrics_(metrics), read_(std::move(read)) {}

  // Whether the coordinator serves clients now; it does not while it recovers and while it stops.
  void SetReady(bool is_ready) { is_ready_ = is_ready; }

  // Any thread.
  http::Answer Serve(std::string_view path);
  static bool IsOpen(std::string_view path);

 private:
  using Make = std::function<Result<std::string>(daemon::Federation&)>;
  Result<std::string> Ask(Make make);
  http::Answer Document(std::string_view path);

  daemon::Driver& driver_;
  Metrics& metrics_;
  const std::function<Readings()> read_;
  std::atomic<bool> is_ready_{false};
};

}  // namespace tributary::monitor
