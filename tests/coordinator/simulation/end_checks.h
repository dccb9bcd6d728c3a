#pragma once
// What must hold of the journals that a simulated run leaves behind, without having watched it.
// Each gives what does not hold; empty: all does.

#include "coordinator/core/run_plan.h"
#include "tests/coordinator/simulation/faulty_stores.h"

namespace tributary::simulation {

using Faults = std::vector<std::string>;

// After every record there is a state to go on from: the one that the records say, and whatever is
// done at once follows from it by records, too.
Faults CheckPrefixes(const coordinator::RunPlan& plan,
                     std::span<const coordinator::Record> journal);

// Every committed result, and the checkpoint that was kept, computed again from the plan and the
// accepted sets alone.
Faults CheckResults(const coordinator::RunPlan& plan, SyntheticOptions options,
                    std::span<const coordinator::Record> journal,
                    const std::optional<coordinator::FinishRun>& finished);

// What a client's journal calls accepted is what the coordinator's has accepted, and nothing is
// there that the client did not make durable before.
Faults CheckClients(const coordinator::RunPlan& plan, std::span<const coordinator::Record> journal,
                    const std::map<ClientId, FaultyJournal>& clients);

}  // namespace tributary::simulation
