#pragma once
// What an operator reads: documents (JSON, each with its schema) of a run and of all runs.

#include <array>
#include <string>

#include "coordinator/daemon/federation.h"

namespace tributary::daemon {

inline constexpr int kStatusSchema = 1;

// How a run stands, in one word of kPhases and in one sentence.
struct Standing {
  std::string_view phase;
  std::string why;
  std::vector<std::string> waits_for = {};
  std::optional<TimePoint> until = {};
};
inline constexpr std::array<std::string_view, 7> kPhases = {
    "idle", "selecting", "reporting", "aggregating", "paused", "halted", "finished"};
Standing StandingOf(const Federation& federation, const Run& run, TimePoint now);
std::string_view PhaseOf(const Run& run);

// What a client does now. `quarantined` has had too many updates rejected; `away` is there and
// takes no tasks of some run; `waiting` has a task and has not said more; four are a client's own
// words.
inline constexpr std::array<std::string_view, 10> kClientStates = {
    "disconnected", "quarantined", "idle",      "away",      "waiting",
    "loading",      "training",    "measuring", "uploading", "other"};
inline constexpr size_t kFirstOfWork = 5;
std::string_view StateOf(const Federation& federation, const ClientId& name, const Client& client);

// Phase, progress, why it waits, for whom and until when.
std::string StatusJson(const Federation& federation, const Run& run, TimePoint now);
// Of lists that would not fit into a message the last entries; "left_out" says how many came
// before.
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
