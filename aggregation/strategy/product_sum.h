#pragma once
// A running sum of products left_k * right_k of one layer in double. Factors are kept side by side
// until their ranks exceed out*in/(out+in), then multiplied out into one dense sum: memory is at
// most about two dense layers, whatever the number of terms. The result depends on the order of
// the terms only, which callers fix.

#include <optional>

#include "aggregation/adapter/linear_algebra.h"

namespace tributary::strategy {

class ProductSum {
 public:
  ProductSum() = default;
  ProductSum(int64_t out, int64_t in);

  void Add(const adapter::Matrix& left, const adapter::Matrix& right);
  void Scale(double factor);

  // The sum as one product, if it never had to be multiplied out.
  std::optional<adapter::Pair> AsPair() const;
  adapter::Matrix Dense() const;
  double Norm() const;  // Frobenius
  adapter::Svd TruncatedSvd(int64_t rank) const;
  adapter::Matrix TimesTransposed(const adapter::Matrix& a) const;  // sum * a^T

 private:
  void MultiplyOut();

  int64_t limit_ = 0;
  adapter::Matrix left_, right_;  // the first `used_` columns and rows count
  int64_t used_ = 0;
  std::optional<adapter::Matrix> dense_;
};

}  // namespace tributary::strategy
