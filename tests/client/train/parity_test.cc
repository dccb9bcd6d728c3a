// Logits, gradients and a training run against transformers and peft; the recipe of the golden
// files is tests/data/golden/model/make.py.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aggregation/tensor/safetensors.h"
#include "client/model/directory.h"
#include "client/train/live.h"
#include "client/train/train_loop.h"

namespace tributary::train {
namespace {

const std::filesystem::path kGolden =
    std::filesystem::path(TRIBUTARY_SOURCE_DIR) / "tests/data/golden/model";
constexpr double kScale = 1.5;

struct Golden {
  TensorMap tensors;
  std::vector<std::vector<int32_t>> ids, types;
  std::vector<client::Example> examples;

  explicit Golden(const std::string& name)
      : tensors(*ReadSafetensors(kGolden / (name + ".safetensors"))) {
    const auto flat = tensors.at("ids").i64(), offsets = tensors.at("offsets").i64();
    for (size_t i = 0; i + 1 < offsets.size(); ++i) {
      const auto begin = flat.begin() + offsets[i], end = flat.begin() + offsets[i + 1];
      ids.emplace_back(begin, end);
      if (tensors.contains("type_ids")) {
        const auto kinds = tensors.at("type_ids").i64();
        types.emplace_back(kinds.begin() + offsets[i], kinds.begin() + offsets[i + 1]);
      }
    }
    for (size_t i = 0; i < ids.size(); ++i) {
      client::Example example{ids[i], {}, 0};
      if (!types.empty()) example.type_ids = types[i];
      if (tensors.contains("labels"))
        example.label = static_cast<int32_t>(tensors.at("labels").i64()[i]);
      examples.push_back(example);
    }
  }

  std::vector<size_t> AllRows() const {
    std::vector<size_t> rows(examples.size());
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = i;
    return rows;
  }

  TensorMap Head() const {
    TensorMap head;
    for (const auto& [name, tensor] : tensors)
      if (name.starts_with("head.")) head[name.substr(5)] = tensor;
    return head;
  }

  // The adapter of the golden file with the chain that `factors` names, those in `trained` trained.
  adapter::Instance Adapter(const Encoder& encoder, const std::vector<std::string>& factors,
                            const std::vector<std::string>& trained) const {
    adapter::Instance instance;
    instance.scale = kScale;
    instance.head = Head();
    for (const auto& target : model::LinearLayers(encoder.family(), encoder.config())) {
      if (!tensors.contains("adapter." + target.module + ".lora_A")) continue;
      adapter::AdaptedLayer layer{target, {}, {}};
      for (const std::string& factor : factors) {
        const bool is_trained = std::find(trained.begin(), trained.end(), factor) != trained.end();
        layer.chain.push_back({factor, adapter::Form::kDense,
                               tensors.at("adapter." + target.module + "." + factor), is_trained,
                               0});
      }
      instance.layers.push_back(std::move(layer));
    }
    return instance;
  }
};

Encoder LoadEncoder(const std::filesystem::path& path) {
  auto directory = model::OpenDirectory(path);
  EXPECT_TRUE(directory.has_value()) << directory.error().message;
  return *Encoder::Load(*directory, at::kCPU);
}

double LargestDifference(std::span<const float> a, std::span<const float> b) {
  double largest = a.size() == b.size() ? 0 : INFINITY;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return largest;
}

double RelativeError(std::span<const float> found, std::span<const float> expected) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(static_cast<double>(found[i]) - static_cast<double>(expected[i]), 2);
    norm += std::pow(static_cast<double>(expected[i]), 2);
  }
  return found.size() == expected.size() ? std::sqrt(difference / (norm + 1e-30)) : INFINITY;
}

class TinyModel : public testing::TestWithParam<std::string> {
 protected:
  Golden golden_{GetParam()};
  Encoder encoder_ = LoadEncoder(kGolden / GetParam());

  Tensor LogitsOf(const adapter::Instance& instance) {
    at::NoGradGuard no_grad;
    const auto state = LiveState::Make(instance, encoder_);
    EXPECT_TRUE(state.has_value()) << state.error().message;
    return FromTorch(encoder_.Logits(encoder_.Pack(golden_.examples, golden_.AllRows()),
                                     state->Bind(false, nullptr)));
  }

  void ExpectGradients(const adapter::Instance& instance, const std::string& prefix) {
    const auto state = LiveState::Make(instance, encoder_);
    ASSERT_TRUE(state.has_value()) << state.error().message;
    std::vector<at::Tensor> leaves;
    const LiveInstance live = state->Bind(true, &leaves);
    const Packed packed = encoder_.Pack(golden_.examples, golden_.AllRows());
    const auto loss = at::cross_entropy_loss(encoder_.Logits(packed, live), packed.labels);
    const auto gradients = torch::autograd::grad({loss}, leaves);
    EXPECT_GT(gradients.size(), 10U);
    for (size_t j = 0; j < gradients.size(); ++j) {
      const std::string name = prefix + state->part_name(j);
      ASSERT_TRUE(golden_.tensors.contains(name)) << name;
      EXPECT_LT(RelativeError(FromTorch(gradients[j]).f32(), golden_.tensors.at(name).f32()), 1e-4)
          << name;
    }
  }
};

TEST_P(TinyModel, LogitsEqualTransformers) {
  EXPECT_LT(LargestDifference(LogitsOf(golden_.Adapter(encoder_, {}, {})).f32(),
                              golden_.tensors.at("logits").f32()),
            1e-5);
}

TEST_P(TinyModel, LogitsWithLoraEqualPeft) {
  EXPECT_LT(LargestDifference(LogitsOf(golden_.Adapter(encoder_, {"lora_B", "lora_A"}, {})).f32(),
                              golden_.tensors.at("logits_lora").f32()),
            1e-5);
}

TEST_P(TinyModel, LogitsWithSandwichEqualReference) {
  EXPECT_LT(LargestDifference(
                LogitsOf(golden_.Adapter(encoder_, {"lora_B", "lora_R", "lora_A"}, {})).f32(),
                golden_.tensors.at("logits_sandwich").f32()),
            1e-5);
}

TEST_P(TinyModel, GradientsOfLoraEqualPeft) {
  ExpectGradients(golden_.Adapter(encoder_, {"lora_B", "lora_A"}, {"lora_B", "lora_A"}),
                  "grad_lora.");
}

TEST_P(TinyModel, GradientsWithFrozenAEqualPeft) {
  ExpectGradients(golden_.Adapter(encoder_, {"lora_B", "lora_A"}, {"lora_B"}), "grad_lora.");
}

TEST_P(TinyModel, GradientsOfSandwichEqualReference) {
  ExpectGradients(golden_.Adapter(encoder_, {"lora_B", "lora_R", "lora_A"}, {"lora_R"}),
                  "grad_sandwich.");
}

TEST_P(TinyModel, TwentyStepsOfAdamWEqualTorch) {
  const adapter::Instance start =
      golden_.Adapter(encoder_, {"lora_B", "lora_A"}, {"lora_B", "lora_A"});
  client::TrainTask task;
  task.start = &start;
  task.examples = golden_.examples;
  task.options.batch_size = static_cast<int64_t>(golden_.examples.size());
  task.options.learning_rate = 5e-3;
  task.options.weight_decay = 0.01;
  task.options.gradient_clip = 0;
  task.options.epochs = 20;
  double before = 0;
  for (int64_t steps = 1; steps <= 20; ++steps) {
    task.options.max_steps = steps;
    const auto result = RunTraining(encoder_, task, {});
    ASSERT_TRUE(result.has_value()) << result.error().message;
    const double loss = (result->loss_sum - before) / static_cast<double>(golden_.examples.size());
    before = result->loss_sum;
    EXPECT_NEAR(loss, golden_.tensors.at("adamw_losses").f64()[static_cast<size_t>(steps - 1)],
                1e-4)
        << "step " << steps;
  }
}

TEST_P(TinyModel, ShardsChangeRoundingOnly) {
  const adapter::Instance start =
      golden_.Adapter(encoder_, {"lora_B", "lora_A"}, {"lora_B", "lora_A"});
  client::TrainTask task;
  task.start = &start;
  task.examples = golden_.examples;
  task.options.batch_size = 4;
  task.options.epochs = 2;
  task.options.learning_rate = 1e-2;
  task.client = "a";
  const auto one = RunTraining(encoder_, task, {});
  task.options.shards = 3;
  const auto three = RunTraining(encoder_, task, {});
  const auto again = RunTraining(encoder_, task, {});
  ASSERT_TRUE(one && three && again);
  for (const auto& [name, value] : one->values) {
    EXPECT_LT(RelativeError(three->values.at(name).f32(), value.f32()), 1e-3) << name;
    EXPECT_EQ(three->values.at(name), again->values.at(name)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, TinyModel, testing::Values("tiny-bert", "tiny-roberta"),
                         [](const auto& row) {
                           return row.param.substr(5);
                         });

TEST(MiniLm, LogitsOf64TextsEqualTransformers) {
  const std::filesystem::path path =
      std::filesystem::path(TRIBUTARY_SOURCE_DIR) / "deps/models/all-MiniLM-L6-v2";
  ASSERT_TRUE(std::filesystem::exists(path)) << "run deploy/setup first";
  const Golden golden("minilm");
  const Encoder encoder = LoadEncoder(path);
  ASSERT_EQ(golden.examples.size(), 64U);
  at::NoGradGuard no_grad;
  const auto state = LiveState::Make(golden.Adapter(encoder, {}, {}), encoder);
  ASSERT_TRUE(state.has_value()) << state.error().message;
  const Tensor logits = FromTorch(
      encoder.Logits(encoder.Pack(golden.examples, golden.AllRows()), state->Bind(false, nullptr)));
  EXPECT_LT(LargestDifference(logits.f32(), golden.tensors.at("logits").f32()), 2e-5);
}

}  // namespace
}  // namespace tributary::train
