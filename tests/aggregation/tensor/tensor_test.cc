#include "aggregation/tensor/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "aggregation/base/random.h"
#include "tests/support/matchers.h"

namespace tributary {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

constexpr DType kAll[] = {DType::kF32, DType::kF64, DType::kBF16, DType::kF16, DType::kI64};

TEST(Tensor, BeginsWithZerosOfItsShape) {
  for (const DType dtype : kAll) {
    const Tensor tensor(dtype, {3, 5});
    EXPECT_EQ(tensor.size(), 15);
    EXPECT_EQ(tensor.rows(), 3);
    EXPECT_EQ(tensor.cols(), 5);
    EXPECT_EQ(tensor.bytes().size(), 15 * SizeOf(dtype));
    EXPECT_THAT(tensor.bytes(), Each(std::byte{0}));
  }
  EXPECT_EQ(Tensor(DType::kF32, {}).size(), 1);
  EXPECT_EQ(Tensor(DType::kF32, {4, 0}).size(), 0);
  EXPECT_EQ(Tensor().size(), 0);
}

TEST(Tensor, CopiesItsBytes) {
  Tensor first = Tensor::FromF32({2}, std::vector<float>{1, 2});
  const Tensor second = first;
  first.f32()[0] = 9;
  EXPECT_THAT(second.f32(), ElementsAre(1, 2));
  EXPECT_NE(first, second);
  EXPECT_EQ(second, Copy(second.view()));
}

TEST(Tensor, IsReadAsItsOwnTypeOnly) {
  const Tensor tensor(DType::kF32, {2});
  EXPECT_DEATH(static_cast<void>(tensor.f64()), "own dtype");
  EXPECT_DEATH(static_cast<void>(tensor.view().as<double>()), "own size");
  const std::vector<std::byte> bytes(9);
  const TensorView crooked{DType::kF32, {2}, std::span(bytes).subspan(1)};
  EXPECT_DEATH(static_cast<void>(crooked.as<float>()), "aligned");
  EXPECT_DEATH(Tensor::FromF32({3}, std::vector<float>{1}), "fill the shape");
  EXPECT_DEATH(Tensor(DType::kF32, {-1}), "addressable");
}

TEST(ElementCount, RefusesWhatCannotBeAddressed) {
  EXPECT_EQ(*ElementCount({}), 1);
  EXPECT_EQ(*ElementCount({2, 3, 4}), 24);
  EXPECT_EQ(*ElementCount({5, 0}), 0);
  EXPECT_EQ(*ElementCount({int64_t{1} << 59}), int64_t{1} << 59);
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(ElementCount({2, -1}),
              Fails(Code::kInvalidArgument, "shape [2,-1] has a negative dimension"));
  EXPECT_THAT(ElementCount({kMax}),
              Fails(Code::kInvalidArgument, "more elements than can be addressed"));
  EXPECT_THAT(ElementCount({int64_t{1} << 60}),
              Fails(Code::kInvalidArgument, "[1152921504606846976]"));
  EXPECT_THAT(ElementCount({int64_t{1} << 32, int64_t{1} << 32}),
              Fails(Code::kInvalidArgument, "more elements"));
  EXPECT_THAT(ElementCount({int64_t{1} << 32, int64_t{1} << 32, 0}),
              Fails(Code::kInvalidArgument, "more elements"));
}

TEST(Convert, KeepsValuesThatTheTargetCanHold) {
  const std::vector<double> values = {0, -0.0, 1, -2.5, 1024, 0.0625, INFINITY, -INFINITY};
  const Tensor start = Tensor::FromF64({2, 4}, values);
  for (const DType to : {DType::kF32, DType::kF64, DType::kBF16, DType::kF16}) {
    const auto there = Convert(start.view(), to);
    ASSERT_THAT(there, IsOk());
    EXPECT_EQ(there->dtype(), to);
    EXPECT_EQ(there->shape(), start.shape());
    const auto back = Convert(there->view(), DType::kF64);
    EXPECT_EQ(*back, start) << DTypeName(to);
  }
}

TEST(Convert, ReadsIntegersAndMakesNone) {
  Tensor integers(DType::kI64, {3});
  integers.i64()[0] = -7;
  integers.i64()[2] = int64_t{1} << 53;
  EXPECT_THAT(Convert(integers.view(), DType::kF64)->f64(), ElementsAre(-7, 0, 0x1p53));
  EXPECT_EQ(*Convert(integers.view(), DType::kI64), integers);
  EXPECT_THAT(Convert(Tensor(DType::kF32, {1}).view(), DType::kI64),
              Fails(Code::kInvalidArgument, "cannot convert F32 to I64"));
}

// From f64 straight to 16 bits, as if rounded once: the nearest of two neighbours by distance.
TEST(Convert, RoundsADoubleOnce) {
  constexpr uint64_t kSeed = 3;
  Random random(kSeed, "convert");
  for (const DType to : {DType::kBF16, DType::kF16}) {
    const auto value = [&](uint16_t pattern) {
      return static_cast<double>(to == DType::kBF16 ? FromBF16(pattern) : FromF16(pattern));
    };
    for (int i = 0; i < 20'000; ++i) {
      const uint16_t below =
          static_cast<uint16_t>(random.Below(to == DType::kBF16 ? 0x7f7f : 0x7bff));
      const uint16_t above = static_cast<uint16_t>(below + 1);
      const double middle = value(below) + (value(above) - value(below)) / 2;
      const double tiny =
          middle * 0x1p-50;  // far below a float's precision: two roundings would lose it
      const double cases[] = {middle - tiny, middle, middle + tiny};
      const uint16_t expected[] = {below, below % 2 == 0 ? below : above, above};
      for (int k = 0; k < 3; ++k) {
        const Tensor result = *Convert(Tensor::FromF64({1}, std::span(&cases[k], 1)).view(), to);
        uint16_t pattern = 0;
        std::memcpy(&pattern, result.bytes().data(), 2);
        ASSERT_EQ(pattern, expected[k])
            << "seed " << kSeed << ", " << DTypeName(to) << " " << below << " case " << k;
      }
    }
  }
  const double large[] = {1e300, -1e300, 1e-300, NAN};
  EXPECT_THAT(
      Convert(Convert(Tensor::FromF64({3}, std::span(large, 3)).view(), DType::kBF16)->view(),
              DType::kF32)
          ->f32(),
      ElementsAre(INFINITY, -INFINITY, 0));
  EXPECT_TRUE(std::isnan(
      Convert(Convert(Tensor::FromF64({1}, std::span(&large[3], 1)).view(), DType::kF16)->view(),
              DType::kF32)
          ->f32()[0]));
}

TEST(Convert, ReadsUnalignedBytes) {
  std::vector<std::byte> bytes(1 + 2 * sizeof(double));
  const double values[] = {1.5, -3};
  std::memcpy(bytes.data() + 1, values, sizeof values);
  const TensorView view{DType::kF64, {2}, std::span(bytes).subspan(1)};
  EXPECT_THAT(Convert(view, DType::kF32)->f32(), ElementsAre(1.5, -3));
  EXPECT_THAT(Copy(view).f64(), ElementsAre(1.5, -3));
}

TEST(AllFinite, FindsOneBadElementWhereverItStands) {
  for (const DType dtype : {DType::kF32, DType::kF64, DType::kBF16, DType::kF16})
    for (const double bad :
         {static_cast<double>(NAN), static_cast<double>(INFINITY), -static_cast<double>(INFINITY)})
      for (size_t at = 0; at < 9; ++at) {
        std::vector<double> values(9, 1.0);
        EXPECT_TRUE(AllFinite(Convert(Tensor::FromF64({9}, values).view(), dtype)->view()));
        values[at] = bad;
        EXPECT_FALSE(AllFinite(Convert(Tensor::FromF64({9}, values).view(), dtype)->view()))
            << DTypeName(dtype) << at;
      }
  EXPECT_TRUE(AllFinite(Tensor(DType::kI64, {3}).view()));
  EXPECT_TRUE(AllFinite(Tensor(DType::kF32, {0}).view()));
}

TEST(TensorMap, CountsItsBytes) {
  TensorMap tensors;
  tensors.emplace("a", Tensor(DType::kF16, {3}));
  tensors.emplace("b", Tensor(DType::kF64, {2, 2}));
  EXPECT_EQ(TotalBytes(tensors), 6 + 32);
}

}  // namespace
}  // namespace tributary
