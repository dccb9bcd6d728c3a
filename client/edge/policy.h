#pragma once
// The site's policy, which has the last word on what its machine does: pure functions of the
// policy, the plan, the task and the time.

#include "client/core/session.h"
#include "coordinator/config/config.h"

namespace tributary::edge {

// The [policy] section. What is empty or 0 allows everything.
struct Policy {
  std::vector<std::string> models;   // digests of base models
  std::vector<std::string> methods;  // rows of `tributary methods`
  std::vector<std::string> tasks;    // names of kinds of tasks
  int64_t max_rank = 0;              // of this site's adapter
  int64_t max_steps = 0;             // of one training task
  int64_t min_cohort = 0;            // updates without which nothing is committed
  std::string privacy;               // the mode that a run must have
  std::string hours;                 // as Hours reads
  std::string metrics = "per-site";
  std::string approve = "auto";
};

// "22:00-06:00", with " UTC" behind it where it is not the machine's own time. A task may begin
// from the first minute to before the last; equal ends are refused.
struct Hours {
  int from = 0, to = 0;  // minutes of the day
  bool is_utc = false;

  static Result<Hours> Read(std::string_view text);
  int MinutesUntilOpen(int minute) const;  // 0: it is open
};

// What the policy is asked about. A task that has not been prepared yet knows no steps.
struct Question {
  const config::Config& plan;
  TaskKind kind = TaskKind::kTrain;
  int64_t rank = 0;   // of this site's adapter in this run
  int64_t steps = 0;  // 0: not known yet
  bool is_approved = false;
  int minute = 0;  // of the day, in the zone of the policy's hours
};

struct Verdict {
  bool is_accepted = true;
  client::Standing standing = client::Standing::kOpen;  // of the run; kOpen: the task alone
  std::string reason;                                   // for the operator
  int closed_minutes = 0;                               // with kClosed
};

// `policy` has no Faults.
Verdict Decide(const Policy& policy, const Question& question);

// What is wrong with it, one text each.
std::vector<std::string> Faults(const Policy& policy);

// The metrics of an update that may leave the site.
std::vector<Metric> Allowed(const Policy& policy, std::vector<Metric> metrics);

// The minute of the day for the policy's hours, on this machine's clock.
int MinuteOfDay(const Policy& policy);

}  // namespace tributary::edge
