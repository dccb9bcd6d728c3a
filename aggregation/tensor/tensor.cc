#include "aggregation/tensor/tensor.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace tributary {
namespace {

template <typename T>
T Load(const std::byte* p) {  // mapped files may be unaligned
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

double LoadNumber(DType dtype, const std::byte* p) {
  switch (dtype) {
    case DType::kF32:
      return Load<float>(p);
    case DType::kF64:
      return Load<double>(p);
    case DType::kBF16:
      return FromBF16(Load<uint16_t>(p));
    case DType::kF16:
      return FromF16(Load<uint16_t>(p));
    case DType::kI64:
      return static_cast<double>(Load<int64_t>(p));
  }
  return 0;
}

// A float from which a rounding to 16 bits gives what rounding the double at once would: cut off
// towards zero, with the last bit set if anything was lost ("round to odd", Boldo and Melquiond,
// 2008).
float RoundToOdd(double value) {
  const float nearest = static_cast<float>(value);
  if (std::isnan(value) || static_cast<double>(nearest) == value) return nearest;
  uint32_t bits = std::bit_cast<uint32_t>(nearest);
  if (std::fabs(static_cast<double>(nearest)) > std::fabs(value)) --bits;
  return std::bit_cast<float>(bits | 1);
}

void StoreNumber(DType dtype, double value, std::byte* p) {
  const float f = static_cast<float>(value);
  const uint16_t half = dtype == DType::kBF16  ? ToBF16(RoundToOdd(value))
                        : dtype == DType::kF16 ? ToF16(RoundToOdd(value))
                                               : uint16_t{0};
  if (dtype == DType::kF32)
    std::memcpy(p, &f, sizeof f);
  else if (dtype == DType::kF64)
    std::memcpy(p, &value, sizeof value);
  else
    std::memcpy(p, &half, sizeof half);
}

template <typename T>
Tensor FromValues(DType dtype, Shape shape, std::span<const T> values) {
  Tensor tensor(dtype, std::move(shape));
  TRIBUTARY_CHECK(tensor.size() == static_cast<int64_t>(values.size()), "values fill the shape");
  if (!values.empty()) std::memcpy(tensor.bytes().data(), values.data(), values.size_bytes());
  return tensor;
}

}  // namespace

std::string FormatShape(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

Result<int64_t> ElementCount(const Shape& shape) {
  int64_t count = 1;
  bool overflow = false;
  for (int64_t d : shape) {
    if (d < 0) return InvalidArgument("shape {} has a negative dimension", FormatShape(shape));
    overflow |=
        __builtin_mul_overflow(count, d, &count) || count > std::numeric_limits<int64_t>::max() / 8;
  }
  if (overflow)
    return InvalidArgument("shape {} holds more elements than can be addressed",
                           FormatShape(shape));
  return count;
}

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)) {
  const auto count = ElementCount(shape_);
  TRIBUTARY_CHECK(count.has_value(), "a tensor's shape is addressable");
  bytes_.resize(static_cast<size_t>(*count) * SizeOf(dtype_));
}

Tensor Tensor::FromF32(Shape shape, std::span<const float> values) {
  return FromValues(DType::kF32, std::move(shape), values);
}
Tensor Tensor::FromF64(Shape shape, std::span<const double> values) {
  return FromValues(DType::kF64, std::move(shape), values);
}

Tensor Copy(const TensorView& view) {
  Tensor tensor(view.dtype, view.shape);
  if (!view.bytes.empty()) std::memcpy(tensor.bytes().data(), view.bytes.data(), view.bytes.size());
  return tensor;
}

Result<Tensor> Convert(const TensorView& view, DType to) {
  if (view.dtype == to) return Copy(view);
  if (to == DType::kI64) return InvalidArgument("cannot convert {} to I64", DTypeName(view.dtype));
  Tensor out(to, view.shape);
  const size_t in_size = SizeOf(view.dtype), out_size = SizeOf(to);
  for (int64_t i = 0; i < view.size(); ++i) {
    const double value =
        LoadNumber(view.dtype, view.bytes.data() + static_cast<size_t>(i) * in_size);
    StoreNumber(to, value, out.bytes().data() + static_cast<size_t>(i) * out_size);
  }
  return out;
}

bool AllFinite(const TensorView& view) {
  if (view.dtype == DType::kI64) return true;
  const size_t size = SizeOf(view.dtype);
  for (int64_t i = 0; i < view.size(); ++i)
    if (!std::isfinite(LoadNumber(view.dtype, view.bytes.data() + static_cast<size_t>(i) * size)))
      return false;
  return true;
}

int64_t TotalBytes(const TensorMap& tensors) {
  int64_t total = 0;
  for (const auto& [name, tensor] : tensors) total += static_cast<int64_t>(tensor.bytes().size());
  return total;
}

}  // namespace tributary
