#pragma once
// What a published adapter says about where it comes from; the same in a run directory, in a
// coordinator's answer to `export`, and at a client that keeps its own.

#include <nlohmann/json_fwd.hpp>

#include "coordinator/report/run_facts.h"
#include "coordinator/report/run_view.h"

namespace tributary::report {

struct Provenance {
  int64_t round = 0;
  // Of the population, and those whose updates the round is made of; a client is told neither.
  std::optional<int64_t> clients = {}, updates = {};
  std::string plan_digest = {}, state_digest = {};
  std::string privacy = {};  // the statement
  std::optional<double> accuracy = {}, loss = {}, macro_f1 = {}, averaging_error = {};
  std::string version = {}, numerics = {};  // of the program that combined the updates
  std::string mixed = {};                   // run_view.h
};

Provenance ProvenanceOf(const RunFacts& facts, const RunView& view, const Round& round);

// What is not known is left out.
nlohmann::ordered_json ToJson(const Provenance& provenance);
// Total: what is missing, or of another kind, is not known.
Provenance ProvenanceFromJson(const nlohmann::json& json);

}  // namespace tributary::report
