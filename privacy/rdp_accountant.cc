#include "privacy/rdp_accountant.h"

#include <algorithm>
#include <cmath>

#include "privacy/rdp.h"

namespace tributary::privacy {
namespace {

std::vector<double> MakeGrid() {
  std::vector<double> grid;
  for (int tenths = 11; tenths <= 109; ++tenths) grid.push_back(tenths / 10.0);
  for (int order = 11; order <= 63; ++order) grid.push_back(order);
  for (int order = 128; order <= 1024; order *= 2) grid.push_back(order);
  return grid;
}

std::vector<double> GaussianCurve(double sigma, std::span<const double> orders) {
  std::vector<double> curve;
  for (double order : orders) curve.push_back(0.5 * order / sigma / sigma);
  return curve;
}

}  // namespace

const std::vector<double>& OrderGrid() {
  static const std::vector<double> grid = MakeGrid();
  return grid;
}

double LogBinomial(int n, int k) {
  int sign = 0;
  return lgamma_r(n + 1.0, &sign) - lgamma_r(k + 1.0, &sign) - lgamma_r(n - k + 1.0, &sign);
}

std::vector<double> RdpCurve(const PrivacyEvent& event, std::span<const double> orders) {
  double rate = 1;
  if (const auto* e = std::get_if<PoissonSampled>(&event)) rate = e->rate;
  if (const auto* e = std::get_if<FixedSizeSampled>(&event))
    rate = static_cast<double>(e->cohort) / static_cast<double>(e->population);
  const double sigma = MechanismOf(event).noise_multiplier;
  if (rate == 0) return std::vector<double>(orders.size(), 0.0);
  if (sigma == 0) return std::vector<double>(orders.size(), kInfinity);
  if (rate == 1) return GaussianCurve(sigma, orders);
  return std::holds_alternative<PoissonSampled>(event) ? PoissonCurve(rate, sigma, orders)
                                                       : FixedSizeCurve(rate, sigma, orders);
}

Status RdpAccountant::Supports(const PrivacyEvent& event) const {
  RETURN_IF_ERROR(CheckEvent(event));
  if (!std::holds_alternative<Gaussian>(event) && RelationOf(event) != relation_)
    return MakeError(Code::kUnimplemented, "{}: accounted for under {} neighbours, not under {}",
                     Describe(event), RelationName(RelationOf(event)), RelationName(relation_));
  return {};
}

Status RdpAccountant::Compose(const PrivacyEvent& event, int64_t count) {
  RETURN_IF_ERROR(Supports(event));
  if (count < 0)
    return InvalidArgument("{}: composed {} times, expected at least 0", Describe(event), count);
  if (count == 0) return {};
  Entry& entry = entries_[event];
  if (entry.curve.empty()) entry.curve = RdpCurve(event, OrderGrid());
  if (count > std::numeric_limits<int64_t>::max() - entry.count)
    return MakeError(Code::kOutOfRange, "{}: more than 2^63 occurrences", Describe(event));
  entry.count += count;
  return {};
}

std::vector<double> RdpAccountant::TotalCurve() const {
  std::vector<double> total(OrderGrid().size(), 0.0);
  for (const auto& [event, entry] : entries_)
    for (size_t i = 0; i < total.size(); ++i)
      total[i] += static_cast<double>(entry.count) * entry.curve[i];
  return total;
}

Result<Spent> RdpAccountant::Epsilon(double delta) const {
  if (!(delta > 0 && delta < 1))
    return InvalidArgument("delta is {}, expected above 0 and below 1", delta);
  const std::vector<double>& orders = OrderGrid();
  const std::vector<double> curve = TotalCurve();
  Spent best{.epsilon = kInfinity, .delta = delta, .order = {}};
  for (size_t i = 0; i < orders.size(); ++i) {
    const double a = orders[i];
    const double converted =
        curve[i] + std::log1p(-1 / a) - (std::log(delta) + std::log(a)) / (a - 1);
    const bool indistinguishable = delta * delta + std::expm1(-curve[i]) > 0;
    const double epsilon = indistinguishable ? 0 : std::max(0.0, converted);
    if (epsilon < best.epsilon) {
      best.epsilon = epsilon;
      best.order = a;
      best.order_at_edge = epsilon > 0 && (i == 0 || i + 1 == orders.size());
    }
  }
  return best;
}

Result<double> RdpAccountant::Delta(double epsilon) const {
  if (!(epsilon >= 0)) return InvalidArgument("epsilon is {}, expected at least 0", epsilon);
  if (std::isinf(epsilon)) return 0.0;
  const std::vector<double>& orders = OrderGrid();
  const std::vector<double> curve = TotalCurve();
  double best = 1;
  for (size_t i = 0; i < orders.size(); ++i) {
    const double a = orders[i];
    best =
        std::min(best, std::exp((a - 1) * (curve[i] - epsilon + std::log1p(-1 / a)) - std::log(a)));
    best = std::min(best, std::sqrt(-std::expm1(-curve[i])));
  }
  return best;
}

std::map<PrivacyEvent, int64_t> RdpAccountant::Composed() const {
  std::map<PrivacyEvent, int64_t> composed;
  for (const auto& [event, entry] : entries_) composed.emplace(event, entry.count);
  return composed;
}

}  // namespace tributary::privacy
