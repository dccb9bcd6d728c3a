#pragma once
// A whole run under faults, drawn from its seed: the kind of plan, the network, who dies when, how
// bad the disks are. One thread a run; runs share nothing.

#include <map>
#include <string>
#include <vector>

#include "coordinator/simulation/engine.h"
#include "coordinator/simulation/synthetic.h"
#include "tests/support/fault_store.h"

namespace tributary::simulation {

struct Scenario {
  coordinator::RunPlan plan;
  EngineOptions engine;
  SyntheticOptions synthetic;
  store::StoreFaults disk, client_disk;
  std::vector<ClientId> clients;
  double dropout = 0, availability = 1;
};

Scenario MakeScenario(uint64_t seed);

struct Outcome {
  std::vector<std::string> faults;  // what did not hold; empty: all did
  std::string hash;                 // of the transcript
  std::map<std::string, int64_t> counts;
  std::map<Reason, int64_t> reasons;  // of clients' tasks

  void Add(const Outcome& other);  // counts and reasons
  std::string Text() const;        // "steps 7, commits 3, ...; tasks: accepted 12, ..."
};

// Resumes a run that pauses, as an operator would, until it has finished.
Outcome RunScenario(Scenario scenario);

std::string HowToRepeat(uint64_t seed);

// From now on a promise that the machines break, which ends the program, names its seed.
void NameSeedOnAbort();

}  // namespace tributary::simulation
