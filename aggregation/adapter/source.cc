#include "aggregation/adapter/source.h"

#include <cmath>

#include "aggregation/base/random.h"

namespace tributary::adapter {
namespace {

// Gram-Schmidt on the rows in their order, each row twice ("twice is enough", Giraud et al. 2005).
void Orthonormalize(Matrix* rows) {
  for (Eigen::Index i = 0; i < rows->rows(); ++i) {
    for (int pass = 0; pass < 2; ++pass)
      for (Eigen::Index j = 0; j < i; ++j)
        rows->row(i) -= rows->row(i).dot(rows->row(j)) * rows->row(j);
    rows->row(i).normalize();
  }
}

// Fills row by row; a row is what one rank owns.
Matrix DrawRows(const SeedSource& source, Random* random, int64_t rank, int64_t width) {
  Matrix rows(rank, width);
  const double bound = 1 / std::sqrt(static_cast<double>(width));
  for (Eigen::Index i = 0; i < rows.size(); ++i) {
    const bool uniform = source.distribution == Distribution::kKaiming;
    const double draw = uniform ? 2 * random->Uniform() - 1 : random->Normal();
    rows.data()[i] = draw * bound;
  }
  if (source.distribution == Distribution::kOrthonormal) Orthonormalize(&rows);
  return rows;
}

}  // namespace

Tensor Draw(const SeedSource& source, const FactorSpec& factor, const Target& target,
            int64_t rank) {
  const Shape shape = FactorShape(factor, target, rank);
  const bool by_row = factor.rows == Dimension::kRank;
  if (source.distribution == Distribution::kZero || by_row == (factor.cols == Dimension::kRank))
    return Tensor(DType::kF32, shape);
  Random random(source.seed, "adapter start",
                {factor.name, target.module, std::to_string(source.round)});
  const Matrix rows = DrawRows(source, &random, rank, by_row ? shape[1] : shape[0]);
  return ToF32(by_row ? rows : Matrix(rows.transpose()));
}

Result<Frame> GradientFrame(const TensorView& gradient, double step, double scale, int64_t rank) {
  const Matrix sign = ToMatrix(gradient).cwiseSign();
  if (sign.cwiseAbs().maxCoeff() == 0) return InvalidArgument("the gradient is zero everywhere");
  const Svd svd = TruncatedSvd(Matrix(-sign), rank);
  return Frame{svd.u, (svd.s * (step / scale)).asDiagonal(), svd.v.transpose()};
}

Frame WeightFrame(const TensorView& weight, int64_t rank) {
  const Svd svd = TruncatedSvd(ToMatrix(weight), rank);
  return {svd.u, Matrix::Zero(rank, rank), svd.v.transpose()};
}

}  // namespace tributary::adapter
