#include "aggregation/strategy/spec.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "aggregation/adapter/instance.h"
#include "aggregation/strategy/server_optimizer.h"
#include "aggregation/strategy/state.h"

namespace tributary::strategy {
namespace {

class FaultList {
 public:
  template <typename... Args>
  void Unless(bool holds, fmt::format_string<Args...> format, Args&&... args) {
    if (!holds) faults_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  std::vector<std::string> Take() { return std::move(faults_); }

 private:
  std::vector<std::string> faults_;
};

template <typename Range>
std::string Join(const Range& names) {
  std::string text;
  for (const auto& name : names) text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
  return text;
}

bool Positive(double x) { return std::isfinite(x) && x > 0; }

void CheckRanks(const AdapterSpec& spec, const Method& method,
                std::span<const int64_t> client_ranks, FaultList* faults) {
  faults->Unless(spec.rank >= 1 && spec.rank <= kMaxRank, "adapter.rank: {}, expected 1 to {}",
                 spec.rank, kMaxRank);
  for (const adapter::Target& target : spec.targets)
    faults->Unless(spec.rank <= std::min(target.out, target.in),
                   "adapter.rank: {} exceeds the {}x{} matrix of {}", spec.rank, target.out,
                   target.in, target.module);
  for (int64_t rank : std::set<int64_t>(client_ranks.begin(), client_ranks.end())) {
    faults->Unless(rank >= 1 && rank <= spec.rank,
                   "adapter.ranks: {}, expected 1 to adapter.rank = {}", rank, spec.rank);
    faults->Unless(rank == spec.rank || method.ranks != Ranks::kEqual,
                   "adapter.ranks: {} differs from adapter.rank = {}, and {} needs equal ranks; {} "
                   "accept mixed ones",
                   rank, spec.rank, method.name,
                   MethodsWhere([](const Method& m) { return m.ranks != Ranks::kEqual; }));
  }
}

void CheckTargets(const AdapterSpec& spec, const Method& method, FaultList* faults) {
  faults->Unless(!spec.targets.empty(), "adapter.targets: no layer of the model matches");
  std::set<std::string> names;
  for (size_t i = 0; i < spec.targets.size(); ++i) {
    const adapter::Target& target = spec.targets[i];
    faults->Unless(i == 0 || spec.targets[i - 1].module < target.module,
                   "adapter.targets: {} is out of order or there twice", target.module);
    for (const adapter::FactorSpec& factor : method.adapter_kind().chain)
      names.insert(adapter::FactorName(target.module, factor.name));
    names.insert(adapter::FactorName(target.module, kIncrement));
  }
  for (const auto& [name, entry] : spec.head) {
    faults->Unless(entry.dtype == DType::kF32, "head {}: {}, expected F32", name,
                   DTypeName(entry.dtype));
    faults->Unless(!names.contains(name) && !name.starts_with("server."),
                   "head {}: the name is taken", name);
  }
}

void CheckOptions(const AdapterSpec& spec, const Method& method, FaultList* faults) {
  faults->Unless(Positive(spec.scale), "adapter.scale: {}, expected a number above 0", spec.scale);
  faults->Unless(
      spec.start.empty() || std::ranges::find(method.starts, spec.start) != method.starts.end(),
      "adapter.start: \"{}\", {} starts from {}", spec.start, method.name, Join(method.starts));
  faults->Unless(Positive(spec.start_step), "adapter.start_step: {}, expected a number above 0",
                 spec.start_step);
  faults->Unless(std::isfinite(spec.fair_lambda) && spec.fair_lambda >= 0,
                 "adapter.fair_lambda: {}, expected 0 or more", spec.fair_lambda);
  faults->Unless(spec.fair_solver == "closed-form" || spec.fair_solver == "iterative",
                 "adapter.fair_solver: \"{}\", expected closed-form or iterative",
                 spec.fair_solver);
  faults->Unless(spec.fair_steps >= 1 && spec.fair_steps <= 100'000,
                 "adapter.fair_steps: {}, expected 1 to 100000", spec.fair_steps);
  faults->Unless(Positive(spec.fair_rate), "adapter.fair_rate: {}, expected a number above 0",
                 spec.fair_rate);
  faults->Unless(spec.hetlora_weighting == "norm" || spec.hetlora_weighting == "rows",
                 "adapter.hetlora_weighting: \"{}\", expected norm or rows",
                 spec.hetlora_weighting);
}

void CheckServer(const ServerOptimizerSpec& server, const Method& method, FaultList* faults) {
  std::vector<std::string_view> names;
  for (const ServerOptimizer& optimizer : ServerOptimizers()) names.push_back(optimizer.name);
  faults->Unless(FindServerOptimizer(server.name) != nullptr,
                 "federation.server_optimizer: \"{}\", expected one of {}", server.name,
                 Join(names));
  faults->Unless(
      server.name == "none" || method.is_mean(),
      "federation.server_optimizer: \"{}\" needs a mean, which {}'s rule is not; {} allow it",
      server.name, method.name, MethodsWhere([](const Method& m) { return m.is_mean(); }));
  faults->Unless(Positive(server.learning_rate),
                 "federation.server_learning_rate: {}, expected a number above 0",
                 server.learning_rate);
  faults->Unless(server.beta1 >= 0 && server.beta1 < 1 && server.beta2 >= 0 && server.beta2 < 1,
                 "federation.server_betas: {} and {}, expected 0 or more and below 1", server.beta1,
                 server.beta2);
  faults->Unless(Positive(server.tau), "federation.server_tau: {}, expected a number above 0",
                 server.tau);
}

}  // namespace

std::vector<std::string> Faults(const AdapterSpec& spec, std::span<const int64_t> client_ranks) {
  FaultList faults;
  const Method* method = FindMethod(spec.method);
  if (method == nullptr) {
    faults.Unless(false, "adapter.method: \"{}\", expected one of {}", spec.method,
                  MethodsWhere([](const Method&) { return true; }));
    return faults.Take();
  }
  CheckRanks(spec, *method, client_ranks, &faults);
  CheckTargets(spec, *method, &faults);
  CheckOptions(spec, *method, &faults);
  CheckServer(spec.server, *method, &faults);
  return faults.Take();
}

}  // namespace tributary::strategy
