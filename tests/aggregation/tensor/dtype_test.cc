// Conversions over every 16-bit pattern, and over every float at which a rounding could go wrong.

#include "aggregation/tensor/dtype.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/matchers.h"

namespace tributary {
namespace {

// The value of a 16-bit float, from the definition: sign, `exponent_bits` of exponent, the rest
// mantissa. NaN for patterns that are none.
double Value(uint16_t pattern, int exponent_bits) {
  const int mantissa_bits = 15 - exponent_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = (pattern & 0x7fff) >> mantissa_bits;
  const int mantissa = pattern & ((1 << mantissa_bits) - 1);
  const double sign = pattern & 0x8000 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) return mantissa == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - bias - mantissa_bits);
  return sign * std::ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
}

struct Half {
  const char* name;
  int exponent_bits;
  float (*from)(uint16_t);
  uint16_t (*to)(float);
};
const Half kHalves[] = {{"bf16", 8, FromBF16, ToBF16}, {"f16", 5, FromF16, ToF16}};

class Conversion : public testing::TestWithParam<Half> {
 protected:
  const Half half_ = GetParam();
  const uint16_t infinity_ =
      static_cast<uint16_t>(((1 << half_.exponent_bits) - 1) << (15 - half_.exponent_bits));
};

TEST_P(Conversion, EveryPatternHasItsValueAndComesBack) {
  for (int i = 0; i < 1 << 16; ++i) {
    const uint16_t pattern = static_cast<uint16_t>(i);
    const float value = half_.from(pattern);
    const double expected = Value(pattern, half_.exponent_bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << i;
      ASSERT_TRUE(std::isnan(half_.from(half_.to(value)))) << i;
      continue;
    }
    ASSERT_EQ(static_cast<double>(value), expected) << i;
    ASSERT_EQ(std::signbit(value), std::signbit(expected)) << i;
    ASSERT_EQ(half_.to(value), pattern) << i;
  }
}

// Between neighbours the nearer one wins, and in the middle the even one; infinity stands where the
// next number would, as IEEE 754 has it.
TEST_P(Conversion, RoundsToNearestTiesToEvenBetweenAllNeighbours) {
  for (int i = 0; i < infinity_; ++i) {
    const uint16_t below = static_cast<uint16_t>(i), above = static_cast<uint16_t>(i + 1);
    const double low = Value(below, half_.exponent_bits);
    const double step = above < infinity_
                            ? Value(above, half_.exponent_bits) - low
                            : low - Value(static_cast<uint16_t>(i - 1), half_.exponent_bits);
    const float middle = static_cast<float>(low + step / 2);
    ASSERT_EQ(static_cast<double>(middle), low + step / 2) << i;
    const uint16_t even = i % 2 == 0 ? below : above;
    for (const uint16_t sign : {uint16_t{0}, uint16_t{0x8000}}) {
      const float s = sign ? -1.0F : 1.0F;
      ASSERT_EQ(half_.to(s * std::nextafter(middle, 0.0F)), below | sign) << i;
      ASSERT_EQ(half_.to(s * middle), even | sign) << i;
      ASSERT_EQ(half_.to(s * std::nextafter(middle, INFINITY)), above | sign) << i;
    }
  }
}

TEST_P(Conversion, WhatIsTooLargeIsInfiniteAndNanStaysNan) {
  EXPECT_EQ(half_.to(INFINITY), infinity_);
  EXPECT_EQ(half_.to(-INFINITY), infinity_ | 0x8000);
  EXPECT_EQ(half_.to(3.4028235e38F), infinity_);
  for (const uint32_t bits : {0x7f800001u, 0x7fc00000u, 0x7fffffffu, 0xff800001u, 0xffffffffu})
    EXPECT_TRUE(std::isnan(half_.from(half_.to(std::bit_cast<float>(bits))))) << bits;
}

INSTANTIATE_TEST_SUITE_P(Halves, Conversion, testing::ValuesIn(kHalves),
                         [](const auto& half) { return std::string(half.param.name); });

TEST(DType, HasANameASizeAndComesBackFromItsName) {
  const std::tuple<DType, const char*, size_t> rows[] = {{DType::kF32, "F32", 4},
                                                         {DType::kF64, "F64", 8},
                                                         {DType::kBF16, "BF16", 2},
                                                         {DType::kF16, "F16", 2},
                                                         {DType::kI64, "I64", 8}};
  for (const auto& [dtype, name, size] : rows) {
    EXPECT_EQ(DTypeName(dtype), name);
    EXPECT_EQ(SizeOf(dtype), size);
    EXPECT_EQ(*ParseDType(name), dtype);
  }
  for (const char* name : {"", "f32", "U8", "F8_E4M3", "BOOL"})
    EXPECT_THAT(ParseDType(name),
                Fails(Code::kInvalidArgument, fmt::format("dtype {} is not supported", name)));
}

}  // namespace
}  // namespace tributary
