#pragma once
// What an operator reads: documents (JSON, each with its schema) of a run and of all runs.

#include <string>

#include "coordinator/daemon/federation.h"

namespace tributary::daemon {

inline constexpr int kStatusSchema = 1;

// Phase, progress, why it waits, for whom and until when.
std::string StatusJson(const Federation& federation, const Run& run, TimePoint now);
std::string RunsJson(const Federation& federation, TimePoint now);
// The clients of a run with what each does now.
std::string ClientsJson(const Federation& federation, const Run& run);
// {"schema", "rounds": [...]}: the objects of rounds.jsonl.
Result<std::string> RoundsJson(const Federation& federation, const Run& run);

// What an adapter is made of, wherever it is made: the state of a round, the plan and what is
// known of both. `round` is a number, "last" or "best".
Result<proto::ExportManifest> ExportOf(const Federation& federation, Run& run,
                                       std::string_view round);

}  // namespace tributary::daemon
