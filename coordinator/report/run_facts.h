#pragma once
// What a report shows that is neither configured nor journalled: facts known when a run starts, and
// the few that a run measures about itself. The caller keeps them in the state store, so that a
// resumed run shows the same.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/adapter/kind.h"
#include "aggregation/base/digest.h"
#include "aggregation/base/ids.h"
#include "aggregation/tensor/layout.h"

namespace tributary::report {

struct ClientFacts {
  ClientId name;
  std::string group;     // empty: no group
  int64_t rank = 0;      // 1 or more
  int64_t rows = 0;      // for training
  int64_t held_out = 0;  // rows for evaluation
  bool operator==(const ClientFacts&) const = default;
};

struct RunFacts {
  // Known at the start.
  std::vector<adapter::Target> targets;
  Layout head;                      // what is trained and sent beside the adapter; empty: nothing
  std::vector<std::string> labels;  // in their order
  Digest base_digest, plan_digest, start_checkpoint;
  std::string numerics;              // an id that changes whenever any result byte may
  std::string version;               // of the program
  std::vector<ClientFacts> clients;  // sorted by name; without the designated client
  int64_t test_rows = 0;
  double noise_multiplier = 0;  // the one in force, also where it was calibrated; 0: no noise

  // Measured, over all sittings of the run.
  double wall_seconds = 0;
  int64_t peak_rss_bytes = 0;
  std::optional<Digest> adapter;  // of adapter_model.safetensors, once it is written

  const ClientFacts* Find(const ClientId& client) const;  // null if there is none
  bool operator==(const RunFacts&) const = default;
};

inline constexpr int kRunFactsSchema = 1;

std::string ToJson(const RunFacts& facts);
// Total: any text gives facts or InvalidArgument, which names the key. Unknown keys are an error,
// as is another schema.
Result<RunFacts> RunFactsFromJson(std::string_view text);

}  // namespace tributary::report
