// Plain averaging, then a correction dB that brings (B + dB) A close to the exact mean product.
// Closed form: dB = E A^T (A A^T + lambda I)^-1 minimises |E - dB A|^2 + lambda |dB|^2, with lambda
// relative to trace(A A^T)/r. Iterative: the paper's objective 1 - cos(D, (B + dB) A) + lambda
// |dB|^2 by gradient descent from dB = 0, in r x r Gram matrices.

#include <algorithm>
#include <cmath>

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {
namespace {

using adapter::Matrix;

Matrix ClosedForm(const AdapterSpec& spec, const LayerFold& fold) {
  const Matrix g = fold.mean_a * fold.mean_a.transpose();
  const double lambda = spec.fair_lambda * g.trace() / static_cast<double>(g.rows());
  return adapter::SolveRight(fold.error.TimesTransposed(fold.mean_a), g, lambda);
}

Matrix Iterate(const AdapterSpec& spec, const LayerFold& fold) {
  constexpr double kLeastNorm = 1e-8;
  ProductSum target = fold.error;
  target.Add(fold.mean_b, fold.mean_a);
  const double target_norm = std::max(target.Norm(), kLeastNorm);
  const Matrix c = target.TimesTransposed(fold.mean_a);  // D A^T
  const Matrix g = fold.mean_a * fold.mean_a.transpose();
  Matrix correction = Matrix::Zero(fold.mean_b.rows(), fold.mean_b.cols());
  for (int step = 0; step < spec.fair_steps; ++step) {
    const Matrix b = fold.mean_b + correction;
    const Matrix bg = b * g;
    const double norm = std::max(std::sqrt(bg.cwiseProduct(b).sum()), kLeastNorm);
    const double cosine = c.cwiseProduct(b).sum() / (target_norm * norm);
    const Matrix ascent = c / (target_norm * norm) - bg * (cosine / (norm * norm));
    correction -= spec.fair_rate * (2 * spec.fair_lambda * correction - ascent);
  }
  return correction;
}

LayerResult Correct(const AdapterSpec& spec, const LayerFold& fold) {
  const Matrix correction =
      spec.fair_solver == "iterative" ? Iterate(spec, fold) : ClosedForm(spec, fold);
  return {.b = fold.mean_b + correction, .a = fold.mean_a, .increment = {}};
}

}  // namespace

const Method kLoraFair = {
    .name = "lora-fair",
    .title = "LoRA-FAIR",
    .reference = "Bian et al., 2024, arXiv 2411.14961",
    .kind = "lora",
    .trained = "A and B",
    .rule = "means, then B += E A^T (A A^T + lambda I)^-1 (closer than the mean, not exact)",
    .product_rule = Correct,
    .up = "r(m+n)",
    .down = "r(m+n)",
    .elements_up = FactorPair,
    .elements_down = FactorPair,
};

}  // namespace tributary::strategy
