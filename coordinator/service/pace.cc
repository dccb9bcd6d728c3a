#include "coordinator/service/pace.h"

#include <utility>

namespace tributary::service {
namespace {

double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

void Pace::Wait(TimePoint now) {
  const std::scoped_lock lock(mutex_);
  if (!std::exchange(is_waiting_, true)) since_ = now;
}

void Pace::Got(TimePoint now, int64_t bytes) {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(is_waiting_, false)) waited_ += now - since_;
  bytes_ += bytes;
  if (waited_ < limits_.window) return;
  was_slow_ = !CheckRate(waited_);
  if (was_slow_) return;
  waited_ = Duration{0};
  bytes_ = 0;
}

Status Pace::Check(TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  const Duration gap = is_waiting_ ? now - since_ : Duration{0};
  if (gap > limits_.gap)
    return MakeError(Code::kCancelled, "nothing came for {:.0f} s; what is here may be resumed",
                     Seconds(gap));
  const Duration waited = waited_ + gap;
  return was_slow_ || waited >= limits_.window ? CheckRate(waited) : Status();
}

Status Pace::CheckRate(Duration waited) const {
  if (static_cast<double>(bytes_) >= limits_.rate * Seconds(waited)) return {};
  return MakeError(Code::kCancelled,
                   "{} bytes in {:.0f} s, expected {:.0f} a second; what is here may be resumed",
                   bytes_, Seconds(waited), limits_.rate);
}

}  // namespace tributary::service
