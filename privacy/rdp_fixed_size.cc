// Sampling without replacement under replace-one (Wang, Balle, Kasiviswanathan, 2019, theorem 27):
// (a-1) R(a) <= ln(1 + sum over j = 2..a of C(a,j) g^j m_j), with g the sampled fraction,
// m_j = min(4 sqrt(B(2 floor(j/2)) B(2 ceil(j/2))), 2 e^(j(j-1)/(2s^2))),
// B(l) = E_Q[(P/Q - 1)^l], Q = N(0, s^2), P = N(1, s^2).

#include <map>
#include <numbers>

#include "privacy/rdp.h"

namespace tributary::privacy {
namespace {

// Below this multiplier B(l) is so near e^(l(l-1)/(2s^2)) that the second bound is always smaller.
constexpr double kSmallestQuadrature = 0.1;
constexpr double kStep = 1.0 / 12;  // in standard deviations
constexpr double kNegligible = 45;  // e^-45 of the peak

// ln B(l) for even l by the trapezoid rule, x = z/s = 1/(2s) + k step. The textbook form of B is an
// alternating sum that loses all digits for large s; the integrand is never negative. It vanishes
// at k = 0 and is log-concave on each side, so each side is summed outwards from its peak.
double LogCentralMoment(double sigma, int l) {
  const double middle = 0.5 / sigma;
  const auto log_integrand = [&](int64_t k) {
    const double y = static_cast<double>(k) * kStep;
    return -0.5 * (middle + y) * (middle + y) + l * LogAbsExpm1(y / sigma);
  };
  double log_sum = -kInfinity;
  for (int64_t side : {int64_t{-1}, int64_t{1}}) {
    // The peak lies within (l/s + sqrt(l) + 1/(2s)) of the middle: setting the derivative to zero.
    int64_t low = 1,
            high = static_cast<int64_t>(std::ceil((l / sigma + std::sqrt(l) + middle) / kStep)) + 1;
    while (low < high) {
      const int64_t k = (low + high) / 2;
      if (log_integrand(side * (k + 1)) < log_integrand(side * k))
        high = k;
      else
        low = k + 1;
    }
    const double peak = log_integrand(side * low);
    double sum = 0;
    for (int64_t k = low;; ++k) {
      const double f = log_integrand(side * k) - peak;
      if (f < -kNegligible) break;
      sum += std::exp(f);
    }
    for (int64_t k = low - 1; k > 0; --k) {
      const double f = log_integrand(side * k) - peak;
      if (f < -kNegligible) break;
      sum += std::exp(f);
    }
    log_sum = LogAdd(log_sum, peak + std::log(sum));
  }
  return log_sum + std::log(kStep) - 0.5 * std::log(2 * std::numbers::pi);
}

// ln m_j for j = 0..largest; the first two are not used.
std::vector<double> LogTerms(double sigma, int largest) {
  std::vector<double> central(static_cast<size_t>(largest) / 2 + 2, kInfinity);  // ln B(2i) at i
  if (sigma >= kSmallestQuadrature)
    for (size_t i = 1; i < central.size(); ++i)
      central[i] = LogCentralMoment(sigma, static_cast<int>(2 * i));
  std::vector<double> terms(static_cast<size_t>(largest) + 1, -kInfinity);
  for (size_t j = 2; j < terms.size(); ++j) {
    const double plain = 0.5 * static_cast<double>(j * (j - 1)) / sigma / sigma;
    terms[j] = std::min(std::log(4.0) + 0.5 * (central[j / 2] + central[(j + 1) / 2]),
                        std::log(2.0) + plain);
  }
  return terms;
}

}  // namespace

std::vector<double> FixedSizeCurve(double fraction, double sigma, std::span<const double> orders) {
  double largest = 2;
  for (double order : orders) largest = std::max(largest, std::ceil(order));
  const std::vector<double> terms = LogTerms(sigma, static_cast<int>(largest));
  const auto log_moment = [&](double order) {
    const int a = static_cast<int>(order);
    double sum = -kInfinity;
    for (int j = 2; j <= a; ++j)
      sum = LogAdd(sum, LogBinomial(a, j) + j * std::log(fraction) + terms[static_cast<size_t>(j)]);
    return Log1pExp(sum);
  };
  std::vector<double> curve;
  for (double order : orders) {
    const double below = std::floor(order);
    const double t = order - below;
    double moment = log_moment(below);
    if (t > 0) moment = (1 - t) * moment + t * log_moment(below + 1);  // corollary 10: convexity
    curve.push_back(moment / (order - 1));
  }
  return curve;
}

}  // namespace tributary::privacy
