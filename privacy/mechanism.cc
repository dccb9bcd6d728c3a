#include "privacy/mechanism.h"

namespace tributary::privacy {
namespace {

struct Rule {
  bool (*broken)(const Combination&);
  std::string_view reason;  // {0}: the method, {1}: its alternatives
};

constexpr Rule kRules[] = {
    {[](const Combination& c) { return !c.aggregate_is_mean; },
     "method '{0}' does not average what clients send: where each client keeps a slot of its own "
     "or products are "
     "formed from single updates, noise on a sum protects nobody; methods that work: {1}"},
    {[](const Combination& c) { return c.aggregate_is_mean && !c.one_trained_factor; },
     "method '{0}' trains more than one factor: noise on both meets in their product and grows "
     "quadratically, which "
     "is not offered yet; methods that work: {1}"},
    {[](const Combination& c) { return !c.uniform_weighting; },
     "weights from row counts let one client move the mean by more than the clip norm, and the "
     "counts are private; "
     "use weighting = \"uniform\""},
    {[](const Combination& c) { return c.over_selection; },
     "over-selection keeps the fastest clients, so the cohort is no random sample; use "
     "over_selection = 0"},
    {[](const Combination& c) { return c.data_dependent_start; },
     "a start computed from clients' data is published outside the mechanism; use a random or "
     "public start "
     "(head_start = \"random\", factors from a seed or from the base weights)"},
    {[](const Combination& c) { return c.relative_label_calibration; },
     "label_calibration = \"relative\" publishes the clients' class counts outside the mechanism; "
     "use \"own\" or "
     "\"none\""},
    {[](const Combination& c) { return c.client_evaluation; },
     "evaluation on clients, and selection or stopping by it, publishes figures outside the "
     "mechanism; evaluate on "
     "\"test\""},
};

}  // namespace

Result<const Mechanism*> FindMechanism(std::string_view name) {
  std::string names;
  for (const Mechanism& mechanism : kMechanisms) {
    if (mechanism.name == name) return &mechanism;
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", mechanism.name);
  }
  return InvalidArgument("privacy mode is \"{}\", expected one of {}", name, names);
}

std::vector<std::string> Refusals(const Mechanism& mechanism, const Combination& combination) {
  std::vector<std::string> refusals;
  if (!mechanism.adds_noise) return refusals;
  for (const Rule& rule : kRules)
    if (rule.broken(combination))
      refusals.push_back(fmt::format(
          "privacy mode \"{}\": {}", mechanism.name,
          fmt::format(fmt::runtime(rule.reason), combination.method, combination.alternatives)));
  return refusals;
}

}  // namespace tributary::privacy
