#pragma once
// Element types of host tensors and the conversions between them. Names are safetensors' own.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "aggregation/base/status.h"

namespace tributary {

enum class DType { kF32, kF64, kBF16, kF16, kI64 };

constexpr size_t SizeOf(DType dtype) {
  return dtype == DType::kF32 ? 4 : dtype == DType::kF64 || dtype == DType::kI64 ? 8 : 2;
}
std::string_view DTypeName(DType dtype);  // "F32", "BF16", ...
Result<DType> ParseDType(std::string_view name);

// bfloat16 and IEEE half, to and from float; rounding is to nearest, ties to even.
constexpr float FromBF16(uint16_t x) { return std::bit_cast<float>(uint32_t{x} << 16); }
constexpr uint16_t ToBF16(float x) {
  const uint32_t u = std::bit_cast<uint32_t>(x);
  if ((u & 0x7fffffff) > 0x7f800000)
    return static_cast<uint16_t>((u >> 16) | 0x40);  // NaN stays NaN
  return static_cast<uint16_t>((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}
float FromF16(uint16_t x);
uint16_t ToF16(float x);

}  // namespace tributary
