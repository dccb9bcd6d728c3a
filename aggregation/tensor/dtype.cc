#include "aggregation/tensor/dtype.h"

#include <array>
#include <cmath>

namespace tributary {
namespace {
constexpr std::array<std::string_view, 5> kNames = {"F32", "F64", "BF16", "F16", "I64"};
}  // namespace

std::string_view DTypeName(DType dtype) { return kNames[static_cast<size_t>(dtype)]; }

Result<DType> ParseDType(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<DType>(i);
  return InvalidArgument("dtype {} is not supported; expected F32, F64, BF16, F16 or I64", name);
}

float FromF16(uint16_t x) {
  const int exponent = (x >> 10) & 0x1f;
  const float mantissa = static_cast<float>(x & 0x3ff);
  float value;
  if (exponent == 0)
    value = std::ldexp(mantissa, -24);
  else if (exponent == 31)
    value = mantissa == 0 ? INFINITY : NAN;
  else
    value = std::ldexp(mantissa + 1024, exponent - 25);
  return x & 0x8000 ? -value : value;
}

uint16_t ToF16(float x) {
  const uint32_t u = std::bit_cast<uint32_t>(x);
  const uint16_t sign = static_cast<uint16_t>((u >> 16) & 0x8000);
  const float magnitude = std::fabs(x);
  if (std::isnan(x)) return static_cast<uint16_t>(sign | 0x7e00);
  if (magnitude >= 65520.0F) return static_cast<uint16_t>(sign | 0x7c00);  // rounds to infinity
  if (magnitude < 6.103515625e-05F)  // subnormal: a multiple of 2^-24
    return static_cast<uint16_t>(sign |
                                 static_cast<uint16_t>(std::nearbyint(std::ldexp(magnitude, 24))));
  const uint32_t m = u & 0x7fffffff;
  return static_cast<uint16_t>(sign | ((m - 0x38000000 + 0xfff + ((m >> 13) & 1)) >> 13));
}

}  // namespace tributary
