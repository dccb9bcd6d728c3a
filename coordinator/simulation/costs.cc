#include "coordinator/simulation/costs.h"

#include <cmath>

namespace tributary::simulation {
namespace {

using strategy::Exchange;
using strategy::Method;

constexpr double kElement = 4;  // bytes of an f32

double HeadElements(const strategy::AdapterSpec& spec) {
  double elements = 0;
  for (const auto& [name, entry] : spec.head)
    elements += static_cast<double>(ElementCount(entry.shape).value_or(0));
  return elements;
}

int64_t Rounded(double bytes) { return static_cast<int64_t>(std::min(std::round(bytes), 9e18)); }

StageCost StartCost(const Environment& e, TaskKind kind) {
  const bool designated = Traits(kind).is_designated;
  const auto clients = designated ? 1 : static_cast<int64_t>(e.clients.size());
  const double up = static_cast<double>(fold::UploadBytes(e.fold, {}, {.kind = kind})) *
                    static_cast<double>(clients);
  // A gradient is taken at the head; feature moments need the base model alone.
  const double down = kind == TaskKind::kFeatureMoments
                          ? 0
                          : kElement * HeadElements(e.adapter) * static_cast<double>(clients);
  return {kind, 0, 0, clients, Rounded(up), Rounded(down)};
}

// One training round, where `committed` rounds came before and `stacked` ranks are in increments.
StageCost TrainCost(const Environment& e, const std::map<int64_t, double>& clients_by_rank,
                    int64_t committed, double stacked) {
  const Method& method = strategy::MethodOf(e.adapter);
  const double head = method.local_head || e.adapter.freeze_head ? 0 : HeadElements(e.adapter);
  double up = 0, down = 0, clients = 0;
  for (const auto& [rank, count] : clients_by_rank) {
    double sent = head, fetched = head;
    for (const adapter::Target& target : e.adapter.targets) {
      const Exchange exchange{target.out,
                              target.in,
                              rank,
                              e.adapter.rank,
                              static_cast<int64_t>(std::min(stacked, 1e15)),
                              committed};
      sent += static_cast<double>(method.elements_up(exchange));
      fetched += static_cast<double>(method.elements_down(exchange));
    }
    up += kElement * sent * count;
    down += kElement * fetched * count * e.plan.over_selection;
    clients += count * e.plan.over_selection;
  }
  const int64_t round = committed + 1;
  return {TaskKind::kTrain, round, round, Rounded(clients), Rounded(up), Rounded(down)};
}

}  // namespace

std::vector<StageCost> CostsOf(const Environment& e) {
  std::vector<StageCost> costs;
  for (const TaskKind kind : e.plan.start) costs.push_back(StartCost(e, kind));
  const auto population = static_cast<double>(e.clients.size());
  const double cohort =
      e.plan.sampling_rate
          ? *e.plan.sampling_rate * population
          : static_cast<double>(e.plan.cohort.value_or(static_cast<int64_t>(e.clients.size())));
  std::map<int64_t, double> by_rank;
  double ranks = 0;  // of one round's cohort
  for (const data::ClientRows& client : e.clients)
    by_rank[e.RankOf(client.name)] += cohort / population;
  for (const auto& [rank, count] : by_rank) ranks += static_cast<double>(rank) * count;
  for (int64_t committed = 0; committed < e.plan.rounds; ++committed) {
    const StageCost cost = TrainCost(e, by_rank, committed, ranks * static_cast<double>(committed));
    StageCost* before = costs.empty() ? nullptr : &costs.back();
    if (before && before->kind == cost.kind && before->up == cost.up && before->down == cost.down)
      before->last = cost.last;
    else
      costs.push_back(cost);
  }
  return costs;
}

}  // namespace tributary::simulation
