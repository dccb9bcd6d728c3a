#include "coordinator/daemon/limits.h"

#include <array>

#include "aggregation/base/units.h"
#include "proto/message.h"

namespace tributary::daemon {
namespace {

struct SizeKey {
  std::string_view path;
  const std::string& value;
  int64_t low, high;  // bytes
};

constexpr int64_t kKiB = 1024, kMiB = 1024 * kKiB;

std::array<SizeKey, 5> SizesOf(const Limits& l) {
  return {{{"limits.upload_quota", l.upload_quota, 64 * kKiB, kMiB << 32},
           {"limits.upload_rate", l.upload_rate, 1, 1024 * kMiB},
           {"limits.message", l.message, 2 * kMiB, static_cast<int64_t>(proto::kMaxMessage)},
           {"limits.header", l.header, 4 * kKiB, kMiB},
           {"limits.memory", l.memory, 16 * kMiB, kMiB << 20}}};
}

void AddUploadKeys(Limits& l, std::vector<config::Key>* keys) {
  keys->push_back({"limits.uploads", &l.uploads, false, "Uploads at the same time.", 1, 100'000});
  keys->push_back({"limits.uploads_per_client", &l.uploads_per_client, false,
                   "The same of one client.", 1, 100});
  keys->push_back({"limits.upload_quota", &l.upload_quota, false,
                   "Disk for updates of open stages, of all runs together, such as \"64GiB\"."});
  keys->push_back({"limits.upload_gap", &l.upload_gap, false,
                   "How long a client may leave an upload, a download or a new connection waiting "
                   "for its next message."});
  keys->push_back({"limits.upload_rate", &l.upload_rate, false,
                   "Bytes a second below which an upload is cut off; it may be resumed."});
  keys->push_back(
      {"limits.upload_window", &l.upload_window, false, "Over how long that rate is measured."});
  keys->push_back({"limits.rejections", &l.rejections, false,
                   "Rejected updates of a client that put it into quarantine, until `tributary "
                   "release` ends that.",
                   1, 1'000'000});
  keys->push_back({"limits.rejection_window", &l.rejection_window, false,
                   "Within how long they count together."});
}

void AddCallKeys(Limits& l, std::vector<config::Key>* keys) {
  keys->push_back({"limits.calls_per_second", &l.calls_per_second, false,
                   "Calls, and messages of a control stream, of one caller in the long run.", 1,
                   1'000'000});
  keys->push_back(
      {"limits.calls_at_once", &l.calls_at_once, false, "The same in a burst.", 1, 1'000'000});
  keys->push_back({"limits.joins_per_minute", &l.joins_per_minute, false,
                   "Attempts of one address to join the project.", 1, 1'000'000});
  keys->push_back({"limits.strangers", &l.strangers, false,
                   "Connections that have not shown a certificate yet; more wait.", 1, 100'000});
  keys->push_back({"limits.strangers_per_address", &l.strangers_per_address, false,
                   "The same from one address.", 1, 100'000});
  keys->push_back({"limits.handshake", &l.handshake, false,
                   "How long a connection may take, or wait, for its handshake."});
}

void AddTransportKeys(Limits& l, std::vector<config::Key>* keys) {
  keys->push_back({"limits.streams", &l.streams, false, "Calls at the same time on one connection.",
                   4, 10'000});
  keys->push_back({"limits.message", &l.message, false, "Largest message, 2MiB to 4MiB."});
  keys->push_back({"limits.header", &l.header, false, "Largest list of HTTP/2 headers."});
  keys->push_back(
      {"limits.memory", &l.memory, false,
       "Memory for what connections have in flight, beside 64 KiB for each call that is open."});
  keys->push_back({"limits.keepalive", &l.keepalive, false,
                   "A connection that was silent for so long is asked whether it lives."});
  keys->push_back({"limits.ping_interval", &l.ping_interval, false,
                   "A peer that asks the same more often loses its connection."});
  keys->push_back(
      {"limits.connection_age", &l.connection_age, false, "Then a connection is to be made anew."});
}

}  // namespace

void AddLimitKeys(Limits& l, std::vector<config::Key>* keys) {
  keys->push_back({"limits.threads", &l.threads, false,
                   "Threads that combine updates and serve transfers.", 1, 1024});
  keys->push_back(
      {"limits.runs", &l.runs, false, "Runs that may be under way at the same time.", 1, 1000});
  AddUploadKeys(l, keys);
  AddCallKeys(l, keys);
  AddTransportKeys(l, keys);
}

Status CheckLimits(const Limits& limits) {
  for (const SizeKey& key : SizesOf(limits)) {
    const auto size = ParseSize(key.value);
    if (!size) return Annotate(size.error(), key.path);
    if (*size < key.low || *size > key.high)
      return InvalidArgument("{} = \"{}\": expected {}B to {}B", key.path, key.value, key.low,
                             key.high);
  }
  struct DurationKey {
    std::string_view path;
    Duration value, low;
  };
  using std::chrono::milliseconds, std::chrono::seconds;
  for (const DurationKey& key : {DurationKey{"limits.upload_gap", limits.upload_gap, seconds(1)},
                                 {"limits.upload_window", limits.upload_window, seconds(1)},
                                 {"limits.rejection_window", limits.rejection_window, seconds(1)},
                                 {"limits.handshake", limits.handshake, milliseconds(100)},
                                 {"limits.keepalive", limits.keepalive, seconds(1)},
                                 {"limits.ping_interval", limits.ping_interval, seconds(1)},
                                 {"limits.connection_age", limits.connection_age, seconds(1)}})
    if (key.value < key.low || key.value > std::chrono::days(20))
      return InvalidArgument("{}: {} s, expected {} s to 20 days", key.path,
                             std::chrono::duration<double>(key.value).count(),
                             std::chrono::duration<double>(key.low).count());
  return {};
}

int64_t BytesOf(std::string_view size) { return *ParseSize(size); }

}  // namespace tributary::daemon
