#include "aggregation/adapter/linear_algebra.h"

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

namespace tributary::adapter {
namespace {

using ColumnMatrix = Eigen::MatrixXd;  // what Eigen's decompositions like best

void FixSigns(Svd* svd) {
  for (Eigen::Index j = 0; j < svd->u.cols(); ++j) {
    Eigen::Index largest = 0;
    for (Eigen::Index i = 1; i < svd->u.rows(); ++i)
      if (std::abs(svd->u(i, j)) > std::abs(svd->u(largest, j))) largest = i;
    if (svd->u(largest, j) >= 0) continue;
    svd->u.col(j) *= -1;
    svd->v.col(j) *= -1;
  }
}

// The thin QR of a matrix: q has orthonormal columns, r is upper trapezoidal.
struct ThinQr {
  ColumnMatrix q, r;
};
ColumnMatrix Core(const Eigen::HouseholderQR<ColumnMatrix>& qr) {
  const Eigen::Index k = std::min(qr.rows(), qr.cols());
  return qr.matrixQR().topRows(k).template triangularView<Eigen::Upper>();
}
ThinQr Decompose(const ColumnMatrix& matrix) {
  const Eigen::HouseholderQR<ColumnMatrix> qr(matrix);
  const Eigen::Index k = std::min(matrix.rows(), matrix.cols());
  return {qr.householderQ() * ColumnMatrix::Identity(matrix.rows(), k), Core(qr)};
}

}  // namespace

Matrix ToMatrix(const TensorView& view) {
  TRIBUTARY_CHECK(view.shape.size() == 1 || view.shape.size() == 2,
                  "a matrix has one or two dimensions");
  const Eigen::Index rows = view.shape[0], cols = view.shape.size() == 2 ? view.shape[1] : 1;
  Matrix values(rows, cols);
  if (view.dtype == DType::kF32) {
    const auto from = view.as<float>();
    std::copy(from.begin(), from.end(), values.data());
  } else {
    TRIBUTARY_CHECK(view.dtype == DType::kF64, "a matrix is made of f32 or f64");
    const auto from = view.as<double>();
    std::copy(from.begin(), from.end(), values.data());
  }
  if (view.shape.size() == 2) return values;
  return values.col(0).asDiagonal();
}

Tensor ToF32(const Matrix& matrix) {
  Tensor tensor(DType::kF32, {matrix.rows(), matrix.cols()});
  const auto to = tensor.f32();
  for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<float>(matrix.data()[i]);
  return tensor;
}

Tensor ToF64(const Matrix& matrix) {
  return Tensor::FromF64({matrix.rows(), matrix.cols()},
                         {matrix.data(), static_cast<size_t>(matrix.size())});
}

Svd TruncatedSvd(const Matrix& matrix, int64_t rank) {
  const Eigen::BDCSVD<ColumnMatrix> full(matrix, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::Index k = std::min<Eigen::Index>(rank, full.singularValues().size());
  Svd svd{full.matrixU().leftCols(k), full.singularValues().head(k), full.matrixV().leftCols(k)};
  FixSigns(&svd);
  return svd;
}

Svd TruncatedSvd(const Pair& pair, int64_t rank) {
  if (pair.left.cols() >= std::min(pair.left.rows(), pair.right.cols()))
    return TruncatedSvd(pair.Product(), rank);
  const ThinQr left = Decompose(pair.left);
  const ThinQr right = Decompose(pair.right.transpose());
  const Svd core = TruncatedSvd(Matrix(left.r * right.r.transpose()), rank);
  Svd svd{left.q * core.u, core.s, right.q * core.v};
  FixSigns(&svd);
  return svd;
}

double Norm(const Pair& pair) {
  if (pair.left.cols() == 0) return 0;
  const Eigen::HouseholderQR<ColumnMatrix> left(pair.left);
  const Eigen::HouseholderQR<ColumnMatrix> right(pair.right.transpose());
  return (Core(left) * Core(right).transpose()).norm();
}

std::optional<Pair> Factorize(const Matrix& matrix, double tolerance, int64_t max_rank) {
  const Eigen::ColPivHouseholderQR<ColumnMatrix> qr(matrix);
  const Eigen::Index k = std::min(matrix.rows(), matrix.cols());
  const ColumnMatrix r = qr.matrixR().topRows(k).template triangularView<Eigen::Upper>();
  const double allowed = tolerance * r.norm();
  double tail = 0;  // squared norm of the rows from q on
  Eigen::Index q = k;
  for (; q > 0; --q) {
    tail += r.row(q - 1).squaredNorm();
    if (std::sqrt(tail) > allowed) break;
  }
  if (q > max_rank) return std::nullopt;
  return Pair{qr.householderQ() * ColumnMatrix::Identity(matrix.rows(), q),
              r.topRows(q) * qr.colsPermutation().transpose()};
}

Matrix SolveRight(const Matrix& h, const Matrix& g, double lambda) {
  const ColumnMatrix shifted = g + lambda * Matrix::Identity(g.rows(), g.cols());
  return Eigen::LDLT<ColumnMatrix>(shifted).solve(ColumnMatrix(h.transpose())).transpose();
}

}  // namespace tributary::adapter
