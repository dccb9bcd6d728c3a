#include "client/edge/renewal.h"

#include <algorithm>

#include "privacy/crypto/authority.h"
#include "proto/rpc/enrol.h"

namespace tributary::edge {

constexpr int kAlarm = 3;  // failures in a row
constexpr Duration kAgain = std::chrono::minutes(10), kMost = std::chrono::hours(1);

Renewal::Renewal(rpc::Channel& channel, Log& log)
    : channel_(channel), log_(log), thread_([this] { Work(); }) {}

Renewal::~Renewal() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Renewal::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const Duration wait = Look();
    lock.lock();
    changed_.wait_for(lock, wait, [this] { return stopping_; });
  }
}

Duration Renewal::Look() {
  const int64_t now = rpc::UnixNow();
  auto own = rpc::OwnCredentials(channel_.identity());
  if (own) {
    const int64_t life = own->leaf.not_after - own->leaf.not_before;
    const int64_t due = own->leaf.not_after - life / 3 - now;
    if (due > 0) return std::min<Duration>(kMost, std::chrono::seconds(due));
    own = rpc::Renew(channel_, channel_.identity());
  }
  if (own) {
    failures_ = 0;
    log_.Info("certificate_renewed", {{"not_after", own->leaf.not_after}});
    return kAgain;
  }
  ++failures_;
  // Later it is an error: whoever reads the log should act before the old one ends.
  log_.Write(failures_ >= kAlarm ? LogLevel::kError : LogLevel::kWarning, "certificate_not_renewed",
             {{"why", own.error().message}, {"tries", int64_t{failures_}}});
  return kAgain;
}

}  // namespace tributary::edge
