// R(a) = ln A_a / (a - 1) with A_a = E_Q[(P/Q)^a], Q = N(0, s^2), P = (1-q) Q + q N(1, s^2). This
// direction is the larger one for the Gaussian (Mironov, Talwar, Zhang, 2019, theorem 5).

#include <array>
#include <map>
#include <numbers>

#include "privacy/rdp.h"

namespace tributary::privacy {
namespace {

// Below this multiplier the integrand is so narrow that quadrature would be slow; the loss is then
// in the hundreds anyway and the chord between integer orders is good enough, and an upper bound.
constexpr double kSmallestQuadrature = 0.1;
constexpr double kTail = 14;  // standard deviations kept on each side; e^(-98) lies beyond

// ln A at an integer order: A - 1 = sum over i >= 2 of C(a,i) (1-q)^(a-i) q^i (e^(i(i-1)/(2s^2)) -
// 1); the terms 0 and 1 cancel exactly, so that losses of 1e-11 keep their digits.
double LogMomentAtInteger(double q, double sigma, int order) {
  double log_excess = -kInfinity;
  for (int i = 2; i <= order; ++i) {
    const double exponent = 0.5 * i * (i - 1) / sigma / sigma;
    log_excess = LogAdd(log_excess, LogBinomial(order, i) + (order - i) * std::log1p(-q) +
                                        i * std::log(q) + LogAbsExpm1(exponent));
  }
  return Log1pExp(log_excess);
}

// ln A at fractional orders by the trapezoid rule over x = z/s, with u = P/Q - 1. Since E_Q[u] = 0,
// A - 1 = E_Q[(1+u)^a - 1 - a u], and that integrand is never negative: nothing cancels in the sum.
// The integrand is analytic in a strip of half-width pi s^2 (in z), so the rule converges
// geometrically; the step below leaves errors far under rounding.
class Quadrature {
 public:
  Quadrature(double q, double sigma, double largest_order) {
    const double step = std::min(1.0 / 24, sigma / 8);
    const auto count = static_cast<int64_t>(std::ceil((largest_order / sigma + 2 * kTail) / step));
    points_.reserve(static_cast<size_t>(count) + 1);
    for (int64_t i = 0; i <= count; ++i) {
      const double x = -kTail + static_cast<double>(i) * step;
      const double log_ratio = (x - 0.5 / sigma) / sigma;  // ln N(1,s^2)/N(0,s^2)
      const double u = q * std::expm1(log_ratio);
      const double log1p_u =
          log_ratio < 30 ? std::log1p(u) : LogAdd(std::log1p(-q), std::log(q) + log_ratio);
      const double log_weight =
          -0.5 * x * x + std::log(step) - 0.5 * std::log(2 * std::numbers::pi);
      points_.push_back(
          {u, log1p_u, log_weight, std::exp(log_weight), std::exp(log_weight + log1p_u)});
    }
  }

  // `scale` is near ln A (above it, by less than 1/(8 s^2)) and keeps the sum within range.
  double LogMoment(double order, double scale) const {
    const double unscaled = std::exp(-scale);
    const double series_until = std::min(0.1, 1 / order);
    std::array<double, 20> coefficients;  // of u^2, u^3, ... in (1+u)^order
    coefficients[0] = order * (order - 1) / 2;
    for (size_t k = 1; k < coefficients.size(); ++k)
      coefficients[k] =
          coefficients[k - 1] * (order - static_cast<double>(k) - 1) / static_cast<double>(k + 2);

    double excess = 0;  // (A - 1) e^-scale
    for (const Point& p : points_) {
      if (std::abs(p.u) <= series_until) {
        double series = 0;
        for (size_t k = coefficients.size(); k-- > 0;) series = series * p.u + coefficients[k];
        excess += unscaled * p.weight * p.u * p.u * series;
      } else {
        excess += std::exp(p.log_weight + order * p.log1p_u - scale) -
                  unscaled * (order * p.weight_sampled - (order - 1) * p.weight);
      }
    }
    return scale < 600 ? std::log1p(excess / unscaled) : scale + std::log(excess + unscaled);
  }

 private:
  struct Point {
    double u, log1p_u;
    double log_weight, weight;  // Q's density times the step
    double weight_sampled;      // P's
  };
  std::vector<Point> points_;
};

}  // namespace

std::vector<double> PoissonCurve(double rate, double sigma, std::span<const double> orders) {
  std::map<int, double> at_integer{{1, 0.0}};
  const auto integer_moment = [&](double order) {
    const int key = static_cast<int>(order);
    auto found = at_integer.find(key);
    if (found == at_integer.end())
      found = at_integer.emplace(key, LogMomentAtInteger(rate, sigma, key)).first;
    return found->second;
  };
  double largest_fractional = 0;
  for (double order : orders)
    if (order != std::floor(order)) largest_fractional = std::max(largest_fractional, order);
  const bool integrate = largest_fractional > 0 && sigma >= kSmallestQuadrature;
  const Quadrature quadrature =
      integrate ? Quadrature(rate, sigma, largest_fractional) : Quadrature(0, 1, 0);

  std::vector<double> curve;
  for (double order : orders) {
    const double below = std::floor(order);
    double log_moment = integer_moment(below);
    if (order != below) {
      // ln A is convex in the order, so the chord lies above it.
      const double t = order - below;
      const double chord = (1 - t) * log_moment + t * integer_moment(below + 1);
      log_moment = integrate ? quadrature.LogMoment(order, chord) : chord;
    }
    curve.push_back(log_moment / (order - 1));
  }
  return curve;
}

}  // namespace tributary::privacy
