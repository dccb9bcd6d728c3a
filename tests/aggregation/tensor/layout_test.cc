#include "aggregation/tensor/layout.h"

#include <gtest/gtest.h>

#include "tests/support/matchers.h"

namespace tributary {
namespace {

class Compatible : public testing::Test {
 protected:
  Compatible() {
    tensors_.emplace("layer.3.q.lora_A", Tensor(DType::kF32, {16, 64}));
    tensors_.emplace("layer.3.q.lora_B", Tensor(DType::kF32, {64, 16}));
    expected_ = LayoutOf(tensors_);
  }
  Status Check() { return CheckCompatible(expected_, ViewsOf(tensors_)); }
  TensorMap tensors_;
  Layout expected_;
};

TEST_F(Compatible, ALayoutFitsItsOwnTensors) { EXPECT_THAT(Check(), IsOk()); }

TEST_F(Compatible, NamesTheTensorWithAnotherShape) {
  tensors_["layer.3.q.lora_A"] = Tensor(DType::kF32, {8, 64});
  EXPECT_THAT(Check(),
              Fails(Code::kInvalidArgument, "layer.3.q.lora_A: shape [8,64], expected [16,64]"));
}

TEST_F(Compatible, ShapesOfEqualSizeDiffer) {
  tensors_["layer.3.q.lora_A"] = Tensor(DType::kF32, {64, 16});
  EXPECT_THAT(Check(),
              Fails(Code::kInvalidArgument, "layer.3.q.lora_A: shape [64,16], expected [16,64]"));
}

TEST_F(Compatible, NamesTheTensorWithAnotherType) {
  tensors_["layer.3.q.lora_B"] = Tensor(DType::kBF16, {64, 16});
  EXPECT_THAT(Check(), Fails(Code::kInvalidArgument, "layer.3.q.lora_B: dtype BF16, expected F32"));
}

TEST_F(Compatible, NamesTheTensorThatIsMissing) {
  tensors_.erase("layer.3.q.lora_B");
  EXPECT_THAT(Check(),
              Fails(Code::kInvalidArgument, "layer.3.q.lora_B: missing, expected F32 [64,16]"));
}

TEST_F(Compatible, NamesTheTensorThatIsTooMuch) {
  tensors_.emplace("layer.3.q.lora_C", Tensor(DType::kF32, {1}));
  EXPECT_THAT(Check(), Fails(Code::kInvalidArgument, "layer.3.q.lora_C: not expected here"));
}

}  // namespace
}  // namespace tributary
