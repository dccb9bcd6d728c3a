#pragma once
// A journal as a coordinator would have written it, with figures that look like those of a real
// run: everything follows from the options.

#include <vector>

#include "coordinator/config/config.h"
#include "coordinator/core/record.h"
#include "coordinator/core/run_plan.h"
#include "coordinator/report/run_facts.h"

namespace tributary::report {

struct SampleOptions {
  uint64_t seed = 1;
  std::string method = "flora";
  int64_t clients = 40, cohort = 12, rounds = 10;
  std::string evaluate_on = "both";  // | "test" | "clients"
  bool is_private = false;
  bool has_metrics = true;  // of updates and commits
  double dropout = 0.1;
  int64_t abandoned_round = 4;  // its first attempt comes to nothing; 0: none
  std::string name_prefix = "site-";
};

struct SampleRun {
  config::Config config;
  RunFacts facts;
  coordinator::RunPlan plan;  // that the records are legal under
  std::vector<coordinator::Record> records;
};

SampleRun MakeSampleRun(const SampleOptions& options = {});

}  // namespace tributary::report
