#pragma once
// How often each of many callers may come: a token bucket for each (RFC 2698 has the picture). Any
// thread.

#include <map>
#include <mutex>
#include <string>

#include "aggregation/base/ids.h"

namespace tributary::service {

// Of a clock that nobody sets.
TimePoint SteadyNow();

class RateLimit {
 public:
  // `per_second` in the long run, `burst` at once.
  RateLimit(double per_second, double burst) : per_second_(per_second), burst_(burst) {}

  // False: not now. `now` does not run backwards.
  bool Take(const std::string& who, TimePoint now);

 private:
  struct Bucket {
    double tokens = 0;
    TimePoint at;
  };
  double TokensOf(const Bucket& bucket, TimePoint now) const;
  void ForgetTheFull(TimePoint now);

  const double per_second_, burst_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace tributary::service
