#pragma once
// A host tensor: a dtype, a shape and its own contiguous, row-major bytes. Copying copies the
// bytes. A TensorView looks at bytes that somebody else owns, for example a mapped file.
// A TensorMap is ordered by name, so that every walk over it is the same everywhere.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "aggregation/tensor/dtype.h"

namespace tributary {

using Shape = std::vector<int64_t>;

std::string FormatShape(const Shape& shape);  // "[8,64]"
// Product of the dimensions; an error if one is negative or the product times 8 overflows.
Result<int64_t> ElementCount(const Shape& shape);

struct TensorView {
  DType dtype = DType::kF32;
  Shape shape;
  std::span<const std::byte> bytes;
  int64_t size() const { return static_cast<int64_t>(bytes.size() / SizeOf(dtype)); }
  // The elements as T, which must have the dtype's size; bytes must be aligned for T.
  template <typename T>
  std::span<const T> as() const {
    TRIBUTARY_CHECK(sizeof(T) == SizeOf(dtype), "elements are read in their own size");
    TRIBUTARY_CHECK(reinterpret_cast<uintptr_t>(bytes.data()) % alignof(T) == 0,
                    "elements are aligned");
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

class Tensor {
 public:
  Tensor() = default;
  Tensor(DType dtype, Shape shape);  // zeros
  static Tensor FromF32(Shape shape, std::span<const float> values);
  static Tensor FromF64(Shape shape, std::span<const double> values);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t size() const { return static_cast<int64_t>(bytes_.size() / SizeOf(dtype_)); }
  int64_t rows() const { return shape_.at(0); }
  int64_t cols() const { return shape_.at(1); }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::span<std::byte> bytes() { return bytes_; }
  std::span<const float> f32() const { return Elements<const float>(DType::kF32); }
  std::span<float> f32() { return Elements<float>(DType::kF32); }
  std::span<const double> f64() const { return Elements<const double>(DType::kF64); }
  std::span<double> f64() { return Elements<double>(DType::kF64); }
  std::span<const int64_t> i64() const { return Elements<const int64_t>(DType::kI64); }
  std::span<int64_t> i64() { return Elements<int64_t>(DType::kI64); }
  TensorView view() const { return {dtype_, shape_, bytes_}; }
  bool operator==(const Tensor&) const = default;

 private:
  template <typename T>
  std::span<T> Elements(DType expected) const {
    TRIBUTARY_CHECK(dtype_ == expected, "tensor elements are read as their own dtype");
    return {reinterpret_cast<T*>(const_cast<std::byte*>(bytes_.data())), bytes_.size() / sizeof(T)};
  }

  DType dtype_ = DType::kF32;
  Shape shape_{0};
  std::vector<std::byte> bytes_;
};

using TensorMap = std::map<std::string, Tensor, std::less<>>;

Tensor Copy(const TensorView& view);
// Element-wise conversion, rounded once to nearest, ties to even (i64 goes through f64). To i64
// only from i64.
Result<Tensor> Convert(const TensorView& view, DType to);
// True if no element is NaN or infinite.
bool AllFinite(const TensorView& view);
int64_t TotalBytes(const TensorMap& tensors);

}  // namespace tributary
