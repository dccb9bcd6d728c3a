#include "coordinator/report/method_bytes.h"

#include <algorithm>
#include <map>

namespace tributary::report {
namespace {

struct Takers {  // of one rank in one round
  int64_t selected = 0, accepted = 0;
};
using Cohort = std::map<int64_t, Takers>;  // by rank

std::vector<Cohort> Cohorts(const RunView& view, const RunFacts& facts, int64_t full_rank,
                            bool mixed_ranks) {
  std::vector<Cohort> cohorts;
  for (const Round& round : view.rounds) {
    if (round.round == 0 || !round.digest) continue;
    Cohort& cohort = cohorts.emplace_back();
    for (const ClientRow& client : round.clients) {
      if (client.outcome == Reason::kNotSelected) continue;
      const ClientFacts* known = mixed_ranks ? facts.Find(client.client) : nullptr;
      Takers& takers = cohort[known != nullptr ? known->rank : full_rank];
      ++takers.selected;
      if (client.outcome == Reason::kAccepted) ++takers.accepted;
    }
  }
  return cohorts;
}

int64_t Bytes(double elements) { return static_cast<int64_t>(std::min(4 * elements, 9e18)); }

}  // namespace

std::vector<MethodBytes> BytesOfMethods(const RunView& view, const config::Config& config,
                                        const RunFacts& facts) {
  std::map<std::pair<int64_t, int64_t>, int64_t> layers;  // how many have this shape
  for (const adapter::Target& target : facts.targets) ++layers[{target.out, target.in}];
  int64_t head = 0;
  for (const auto& [name, entry] : facts.head) head += ElementCount(entry.shape).value_or(0);

  std::vector<MethodBytes> all;
  for (const strategy::Method* method : strategy::Methods()) {
    const int64_t full_rank = config.adapter.rank;
    strategy::Exchange e{.full_rank = full_rank, .committed = 0};
    double up = 0, down = 0;
    for (const Cohort& cohort :
         Cohorts(view, facts, full_rank, method->ranks != strategy::Ranks::kEqual)) {
      int64_t stacked = e.stacked;
      for (const auto& [rank, takers] : cohort) {
        e.rank = rank;
        double sent = method->local_head ? 0 : static_cast<double>(head), fetched = sent;
        for (const auto& [shape, count] : layers) {
          std::tie(e.out, e.in) = shape;
          sent += static_cast<double>(count * method->elements_up(e));
          fetched += static_cast<double>(count * method->elements_down(e));
        }
        up += sent * static_cast<double>(takers.accepted);
        down += fetched * static_cast<double>(takers.selected);
        stacked += rank * takers.accepted;
      }
      e.stacked = stacked;
      ++e.committed;
    }
    all.push_back({method, Bytes(up), Bytes(down)});
  }
  return all;
}

}  // namespace tributary::report
