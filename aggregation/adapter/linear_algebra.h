#pragma once
// Small dense linear algebra in double on Eigen alone: no BLAS, no LAPACK, one thread, so that
// equal inputs give equal bits. Everything here is a pure function.

#include <Eigen/Core>
#include <optional>

#include "aggregation/tensor/tensor.h"

namespace tributary::adapter {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

// Of an f32 or f64 tensor with two dimensions, or with one as a diagonal matrix.
Matrix ToMatrix(const TensorView& view);
Tensor ToF32(const Matrix& matrix);
Tensor ToF64(const Matrix& matrix);

// M = u diag(s) v^T with s descending. Signs are fixed: in every column of u the entry of largest
// magnitude (the first of equals) is positive.
struct Svd {
  Matrix u;
  Vector s;
  Matrix v;
};
Svd TruncatedSvd(const Matrix& matrix, int64_t rank);

// A product left * right that is not multiplied out.
struct Pair {
  Matrix left;   // [out, q]
  Matrix right;  // [q, in]
  Matrix Product() const { return left * right; }
};

// The SVD of the product through the QR cores of both sides: where q < min(out, in), no out x in
// matrix is formed.
Svd TruncatedSvd(const Pair& pair, int64_t rank);
// Frobenius norm of the product, through the QR cores: no cancellation as in Gram form.
double Norm(const Pair& pair);

// A pair of least q whose product equals the matrix up to `tolerance` times its norm, by QR with
// column pivoting, left with orthonormal columns. Nothing if q would exceed `max_rank`.
std::optional<Pair> Factorize(const Matrix& matrix, double tolerance, int64_t max_rank);

// X with X (G + lambda I) = H for a symmetric positive semidefinite G and lambda > 0 (or G > 0).
Matrix SolveRight(const Matrix& h, const Matrix& g, double lambda);

}  // namespace tributary::adapter
