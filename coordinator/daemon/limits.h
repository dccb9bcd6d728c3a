#pragma once
// What a coordinator lets others cost it: [limits] of its configuration. The defaults are the
// project's; proto/PROTOCOL.md says how each breach is answered.

#include "coordinator/config/keys.h"

namespace tributary::daemon {

struct Limits {
  int64_t threads = 2, runs = 8;

  int64_t uploads = 64, uploads_per_client = 1;  // at once
  std::string upload_quota = "64GiB";            // of all that is spooled
  Duration upload_gap = std::chrono::seconds(30);
  std::string upload_rate = "16KiB";  // a second, measured over `upload_window`
  Duration upload_window = std::chrono::seconds(60);
  int64_t rejections = 3;  // within `rejection_window`, then quarantine
  Duration rejection_window = std::chrono::hours(24);

  int64_t calls_per_second = 20, calls_at_once = 100;  // of one caller
  int64_t joins_per_minute = 5;                        // from one address
  int64_t strangers = 64, strangers_per_address = 4;   // connections without a certificate
  Duration handshake = std::chrono::seconds(5);

  int64_t streams = 32;  // of one connection
  std::string message = "4MiB", header = "16KiB", memory = "64MiB";
  Duration keepalive = std::chrono::seconds(60), ping_interval = std::chrono::seconds(30);
  Duration connection_age = std::chrono::hours(6);
};

void AddLimitKeys(Limits& limits, std::vector<config::Key>* keys);

// Sizes that are none, or of a kind that cannot be; names the key.
Status CheckLimits(const Limits& limits);

// A size of limits that were checked, in bytes.
int64_t BytesOf(std::string_view size);

}  // namespace tributary::daemon
