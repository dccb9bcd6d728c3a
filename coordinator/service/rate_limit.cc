#include "coordinator/service/rate_limit.h"

#include <algorithm>

namespace tributary::service {

constexpr size_t kMostBuckets = 16'384;

TimePoint SteadyNow() {
  return {
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

double RateLimit::TokensOf(const Bucket& bucket, TimePoint now) const {
  const double seconds = std::chrono::duration<double>(now - bucket.at).count();
  return std::min(burst_, bucket.tokens + per_second_ * std::max(0.0, seconds));
}

void RateLimit::ForgetTheFull(TimePoint now) {
  std::erase_if(buckets_, [&](const auto& entry) { return TokensOf(entry.second, now) >= burst_; });
}

bool RateLimit::Take(const std::string& who, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  if (buckets_.size() >= kMostBuckets) ForgetTheFull(now);
  if (buckets_.size() >= kMostBuckets && !buckets_.contains(who)) return false;
  const auto [it, is_new] = buckets_.try_emplace(who, Bucket{burst_, now});
  it->second = {TokensOf(it->second, now), now};
  if (it->second.tokens < 1) return false;
  it->second.tokens -= 1;
  return true;
}

}  // namespace tributary::service
