#pragma once
// From a submission to everything that a run goes by. A function of the submission and of the
// number of clients at that moment, both of which are kept, so a restarted coordinator makes the
// same run of it.

#include "coordinator/daemon/tags.h"
#include "coordinator/plan/assemble.h"
#include "proto/message.h"

namespace tributary::daemon {

struct RunSetup {
  RunId id;
  proto::Submission submission;
  int64_t population = 0;  // clients that could take part when it was submitted
  TimePoint submitted;

  config::Config config;
  plan::BaseModel base;
  plan::Assembled plan;
  std::string plan_text;  // what clients fetch
  Digest plan_blob;       // its SHA-256
  Tags where;

  int64_t RankOf(const Tags& tags) const;  // by adapter.ranks and the tag "group"
};

// All faults are in one message, one a line. FAILED_PRECONDITION where the plan lacks the base
// model's digest or the labels.
Result<RunSetup> ReadSubmission(RunId id, proto::Submission submission, int64_t population,
                                TimePoint now);

// The form in which the store keeps it.
std::string ToJson(const RunSetup& setup);
Result<RunSetup> RunSetupFromJson(RunId id, std::string_view json);

}  // namespace tributary::daemon
