#pragma once
// What an administrator says of a client when it is invited: "group=hospital", "country=de". Runs
// choose clients by tags, and never by what a client claims.

#include <map>
#include <span>
#include <string>

#include "aggregation/base/ids.h"
#include "aggregation/base/status.h"

namespace tributary::daemon {

inline const RunId kProject{"(project)"};  // under which the store keeps what is no run's
inline constexpr std::string_view kSubmission = "submission";  // a fact of every run
// A fact of the project: how often its state was restored from a backup, plus one; and of a run: up
// to which of them it has been heeded.
inline constexpr std::string_view kIncarnation = "incarnation";

using Tags = std::map<std::string, std::string>;

// Every tag of `where` is there, with its value.
bool Fits(const Tags& where, const Tags& tags);

// "tag=value" pairs.
Result<Tags> ReadTags(std::span<const std::string> pairs);

}  // namespace tributary::daemon
