#pragma once
// The files of a run directory that are views of its journal. Each is replaced as a whole, so a
// reader sees the old or the new one.

#include <filesystem>
#include <string>

#include "coordinator/report/run_view.h"

namespace tributary::report {

inline constexpr int kRoundsSchema = 1, kClientsSchema = 1, kSummarySchema = 1;

// One JSON object a line, each with its `schema`. Numbers that were not recorded are null.
std::string RoundsJsonl(const RunView& view, const config::Config& config);
std::string ClientsJsonl(const RunView& view, const RunFacts& facts);
// One JSON object; its figures describe the kept adapter.
std::string SummaryJson(const RunView& view, const config::Config& config, const RunFacts& facts);

// Writes rounds.jsonl, clients.jsonl, summary.json and report.html into `directory`, which exists.
Status WriteFiles(const std::filesystem::path& directory, const RunView& view,
                  const config::Config& config, const RunFacts& facts);

}  // namespace tributary::report
