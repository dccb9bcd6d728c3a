#pragma once
// The part of a run's plan that the coordinator's core decides by: plain numbers, no plug-ins.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aggregation/base/task.h"

namespace tributary::coordinator {

// What the core must know of a private run. How the numbers follow from a budget is worked out by
// `privacy`; the core charges one privacy event per training stage, also when it is abandoned, and
// never opens a training stage beyond `max_charged`.
struct PrivacyPlan {
  double noise_multiplier = 0;
  int64_t max_charged = 0;
};

struct RunPlan {
  Digest digest;            // of the whole plan; a journal of another plan is refused
  Digest start_checkpoint;  // what round 0 starts from

  int64_t rounds = 1;
  // In a private run this seed must be hidden from whoever the privacy statement is about.
  uint64_t cohort_seed = 0;
  std::optional<int64_t> cohort;        // clients per round; empty: all. Not with Poisson
  std::optional<double> sampling_rate;  // Poisson: an independent coin per enrolled client
  double over_selection = 1.0;          // ceil(cohort × this) are invited, `cohort` are taken
  int64_t minimum = 1;                  // accepted updates below which nothing commits
  int64_t max_weight = 1;               // cap on the weight a client claims; 1 is uniform

  Duration deadline = std::chrono::minutes(10);  // of a stage
  Duration grace = std::chrono::seconds(30);     // for a lost client to come back
  int64_t max_attempts = 5;                      // at a stage, before the run pauses
  Duration backoff = std::chrono::seconds(5);    // before the second attempt; doubles, up to
  Duration max_backoff = std::chrono::minutes(5);

  std::vector<TaskKind> start;         // statistics of round 0, in order
  bool evaluate_clients = false;       // on rows held out at all clients
  bool evaluate_public = false;        // on the designated client's public test rows
  int64_t evaluate_every = 1;          // rounds; the start and the last round always
  std::optional<ClientId> designated;  // holds public data; is in no other cohort
  bool keep_best = false;              // by held-out rows of clients; otherwise the last
  int64_t patience = 0;                // evaluations without a better one; 0: never stop early

  std::optional<PrivacyPlan> privacy;

  // All faults at once, each naming its field, the value found and what is expected.
  std::vector<std::string> Faults() const;

  // The tasks of a round, in order; round 0 is the start.
  std::vector<TaskKind> TasksOfRound(int64_t round) const;

  // Draws look at who is enrolled, never at who is online, where privacy rests on the draw.
  bool DrawsFromEnrolled() const { return privacy.has_value() || sampling_rate.has_value(); }
};

inline constexpr int64_t kMaxRounds = 100'000;
inline constexpr int64_t kMaxWeight = int64_t{1} << 40;  // with 2^22 clients, sums fit 62 bits
inline constexpr int64_t kMaxPopulation = int64_t{1} << 22;

}  // namespace tributary::coordinator
