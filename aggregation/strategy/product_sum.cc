#include "aggregation/strategy/product_sum.h"

#include <algorithm>

namespace tributary::strategy {

using adapter::Matrix;

ProductSum::ProductSum(int64_t out, int64_t in)
    : limit_(out * in / (out + in)), left_(out, 0), right_(0, in) {}

void ProductSum::Add(const Matrix& left, const Matrix& right) {
  const int64_t rank = left.cols();
  if (used_ > 0 && used_ + rank > limit_) MultiplyOut();
  if (rank > limit_) {
    if (!dense_) dense_ = Matrix::Zero(left_.rows(), right_.cols());
    *dense_ += left * right;
    return;
  }
  if (used_ + rank > left_.cols()) {
    const int64_t capacity = std::min(limit_, std::max(2 * used_, used_ + rank));
    left_.conservativeResize(Eigen::NoChange, capacity);
    right_.conservativeResize(capacity, Eigen::NoChange);
  }
  left_.middleCols(used_, rank) = left;
  right_.middleRows(used_, rank) = right;
  used_ += rank;
}

void ProductSum::MultiplyOut() {
  if (!dense_) dense_ = Matrix::Zero(left_.rows(), right_.cols());
  *dense_ += left_.leftCols(used_) * right_.topRows(used_);
  used_ = 0;
}

void ProductSum::Scale(double factor) {
  left_.leftCols(used_) *= factor;
  if (dense_) *dense_ *= factor;
}

std::optional<adapter::Pair> ProductSum::AsPair() const {
  if (dense_) return std::nullopt;
  return adapter::Pair{left_.leftCols(used_), right_.topRows(used_)};
}

Matrix ProductSum::Dense() const {
  Matrix sum = left_.leftCols(used_) * right_.topRows(used_);
  if (dense_) sum += *dense_;
  return sum;
}

double ProductSum::Norm() const {
  const auto pair = AsPair();
  return pair ? adapter::Norm(*pair) : Dense().norm();
}

adapter::Svd ProductSum::TruncatedSvd(int64_t rank) const {
  const auto pair = AsPair();
  return pair ? adapter::TruncatedSvd(*pair, rank) : adapter::TruncatedSvd(Dense(), rank);
}

Matrix ProductSum::TimesTransposed(const Matrix& a) const {
  Matrix product = left_.leftCols(used_) * (right_.topRows(used_) * a.transpose());
  if (dense_) product += *dense_ * a.transpose();
  return product;
}

}  // namespace tributary::strategy
