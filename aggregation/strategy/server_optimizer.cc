#include "aggregation/strategy/server_optimizer.h"

#include <algorithm>
#include <cmath>

namespace tributary::strategy {
namespace {

using Values = std::span<double>;

void Plain(const ServerOptimizerSpec& spec, Values d, Values, Values) {
  for (double& x : d) x *= spec.learning_rate;
}

void Momentum(const ServerOptimizerSpec& spec, Values d, Values m, Values) {
  for (size_t i = 0; i < d.size(); ++i) {
    m[i] = spec.beta1 * m[i] + d[i];
    d[i] = spec.learning_rate * m[i];
  }
}

template <bool kYogi>
void Adaptive(const ServerOptimizerSpec& spec, Values d, Values m, Values v) {
  for (size_t i = 0; i < d.size(); ++i) {
    const double square = d[i] * d[i];
    m[i] = spec.beta1 * m[i] + (1 - spec.beta1) * d[i];
    if constexpr (kYogi) {
      const double sign = v[i] > square ? 1 : v[i] < square ? -1 : 0;
      v[i] -= (1 - spec.beta2) * square * sign;
    } else {
      v[i] = spec.beta2 * v[i] + (1 - spec.beta2) * square;
    }
    d[i] = spec.learning_rate * m[i] / (std::sqrt(v[i]) + spec.tau);
  }
}

constexpr ServerOptimizer kTable[] = {
    {"none", "the mean itself", false, false, Plain},
    {"momentum", "FedAvgM", true, false, Momentum},
    {"adam", "FedAdam", true, true, Adaptive<false>},
    {"yogi", "FedYogi", true, true, Adaptive<true>},
};

Values Moment(std::string_view kind, std::string_view name, size_t size, double start,
              TensorMap* state) {
  const auto [it, fresh] = state->try_emplace(fmt::format("server.{}.{}", kind, name));
  if (fresh) {
    it->second = Tensor(DType::kF64, {static_cast<int64_t>(size)});
    std::ranges::fill(it->second.f64(), start);
  }
  return it->second.f64();
}

}  // namespace

std::span<const ServerOptimizer> ServerOptimizers() { return kTable; }

const ServerOptimizer* FindServerOptimizer(std::string_view name) {
  const auto it = std::ranges::find(kTable, name, &ServerOptimizer::name);
  return it == std::end(kTable) ? nullptr : it;
}

void TakeServerStep(const ServerOptimizerSpec& spec, std::string_view name, std::span<double> d,
                    TensorMap* state) {
  const ServerOptimizer* optimizer = FindServerOptimizer(spec.name);
  TRIBUTARY_CHECK(optimizer != nullptr, "a spec without faults names a server optimizer");
  Values m, v;
  if (optimizer->first_moment) m = Moment("m", name, d.size(), 0, state);
  if (optimizer->second_moment) v = Moment("v", name, d.size(), spec.tau * spec.tau, state);
  optimizer->step(spec, d, m, v);
}

}  // namespace tributary::strategy
