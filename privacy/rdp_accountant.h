#pragma once
// The Renyi accountant: losses add up order by order, and the best order gives (epsilon, delta).
//
// Its state is the multiset of events, not the sums of their curves. So the state says what
// happened, survives a change of grid or formula, and two accountants that saw the same events in
// any order agree in every bit: sums run in the events' own order. Restoring is composing again;
// curves are computed once per distinct event (a few milliseconds).

#include <map>
#include <vector>

#include "privacy/accountant.h"

namespace tributary::privacy {

class RdpAccountant final : public Accountant {
 public:
  explicit RdpAccountant(NeighborRelation relation) : relation_(relation) {}

  // Gaussian under any relation, Poisson sampling under add-remove, fixed size under replace-one.
  Status Supports(const PrivacyEvent& event) const override;
  Status Compose(const PrivacyEvent& event, int64_t count) override;
  // Canonne, Kamath, Steinke, "The discrete Gaussian for differential privacy" (2020), proposition
  // 12; and 0 where Bretagnolle-Huber already bounds the total variation by delta.
  Result<Spent> Epsilon(double delta) const override;
  Result<double> Delta(double epsilon) const override;

  NeighborRelation relation() const { return relation_; }
  // What was composed, to be stored and composed again.
  std::map<PrivacyEvent, int64_t> Composed() const;

 private:
  struct Entry {
    int64_t count = 0;
    std::vector<double> curve;  // one event, over OrderGrid()
  };
  std::vector<double> TotalCurve() const;

  NeighborRelation relation_;
  std::map<PrivacyEvent, Entry> entries_;
};

}  // namespace tributary::privacy
