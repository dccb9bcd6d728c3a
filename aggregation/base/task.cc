#include "aggregation/base/task.h"

#include <array>

namespace tributary {
namespace {

constexpr std::array<TaskTraits, kTaskKinds> kTraits = {{
    {"train", true, false, false},
    {"feature_moments", true, true, false},
    {"gradient_sum", true, true, false},
    {"evaluate", false, false, false},
    {"public_gradient", true, true, true},
    {"public_evaluate", false, false, true},
}};

constexpr std::array<std::string_view, kReasons> kNames = {
    "pending",      "accepted",   "late",          "deadline",         "dropped_out",
    "declined",     "failed",     "non_finite",    "bad_update",       "conflict",
    "not_selected", "complete",   "below_minimum", "aggregate_failed", "retries_exhausted",
    "budget_spent", "early_stop", "operator",      "rolled_back",
};

}  // namespace

const TaskTraits& Traits(TaskKind kind) { return kTraits[static_cast<size_t>(kind)]; }

std::optional<TaskKind> TaskKindFromName(std::string_view name) {
  for (size_t i = 0; i < kTraits.size(); ++i) {
    if (kTraits[i].name == name) return static_cast<TaskKind>(i);
  }
  return std::nullopt;
}

std::string_view Name(Reason reason) { return kNames[static_cast<size_t>(reason)]; }

std::optional<Reason> ReasonFromName(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Reason>(i);
  }
  return std::nullopt;
}

}  // namespace tributary
