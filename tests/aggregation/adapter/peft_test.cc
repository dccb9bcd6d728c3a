#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "aggregation/adapter/peft_export.h"
#include "aggregation/adapter/peft_import.h"
#include "aggregation/base/file.h"
#include "aggregation/base/random.h"
#include "aggregation/tensor/safetensors.h"

namespace tributary::adapter {
namespace {

using Json = nlohmann::json;

constexpr char kQuery[] = "bert.encoder.layer.0.attention.self.query";
constexpr char kOutput[] = "bert.encoder.layer.1.output.dense";
const std::vector<Target> kLinears = {
    {kQuery, 6, 8}, {kOutput, 5, 12}, {"bert.pooler.dense", 6, 6}};

// Values that f32 holds exactly and that anybody can compute: k/16 from a small recurrence.
Matrix Exact(int64_t rows, int64_t cols, int64_t key) {
  Matrix matrix(rows, cols);
  for (Eigen::Index i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = static_cast<double>((i * 7 + key * 5) % 23 - 11) / 16;
  return matrix;
}

PeftAdapter SmallAdapter(int64_t rank_of_second = 2) {
  PeftAdapter adapter;
  adapter.layers = {{kQuery, 2, {Exact(6, 2, 1), Exact(2, 8, 2)}},
                    {kOutput, 2, {Exact(5, rank_of_second, 3), Exact(rank_of_second, 12, 4)}}};
  adapter.head["classifier.weight"] = ToF32(Exact(3, 6, 5));
  adapter.head["classifier.bias"] = Tensor::FromF32({3}, std::vector<float>{0.5F, -1, 0});
  return adapter;
}

PeftOptions CutTo(int64_t rank) {
  PeftOptions options;
  options.rank = rank;
  return options;
}

PeftOptions Portable() {
  PeftOptions options;
  options.portable = true;
  return options;
}

std::filesystem::path Golden(std::string_view name) {
  return std::filesystem::path(TRIBUTARY_SOURCE_DIR) / "tests/data/golden/peft" / name;
}

class PeftTest : public testing::Test {
 protected:
  std::filesystem::path Directory() const {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    return std::filesystem::path(testing::TempDir()) /
           fmt::format("tributary-{}-{}", test->test_suite_name(), test->name());
  }
  void SetUp() override { std::filesystem::remove_all(Directory()); }
  void TearDown() override { std::filesystem::remove_all(Directory()); }

  std::filesystem::path Written(const PeftFiles& files) {
    TRIBUTARY_CHECK(WritePeft(Directory(), files).has_value(), "a test's files are written");
    return Directory();
  }
  // Writes the files with a changed config and reads them back.
  Result<PeftAdapter> ReadWith(const std::function<void(Json*)>& change, PeftFiles files) {
    Json config = Json::parse(files.config);
    change(&config);
    files.config = config.dump();
    return ImportPeft(Written(files), kLinears);
  }
};

void ExpectSameChange(const PeftAdapter& a, const PeftAdapter& b, double tolerance = 1e-6) {
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (size_t i = 0; i < a.layers.size(); ++i) {
    EXPECT_EQ(a.layers[i].module, b.layers[i].module);
    const Matrix expected = a.layers[i].scale * a.layers[i].factors.Product();
    EXPECT_LE((b.layers[i].scale * b.layers[i].factors.Product() - expected).norm(),
              tolerance * expected.norm());
  }
  EXPECT_EQ(a.head, b.head);
}

// Golden directories are written by this program when TRIBUTARY_WRITE_GOLDEN is set, and were then
// loaded by peft (tests/data/golden/peft/check.py).
struct GoldenCase {
  const char* name;
  PeftAdapter adapter;
  PeftOptions options;
};
std::vector<GoldenCase> GoldenCases() {
  PeftOptions plain, portable = Portable();
  plain.base_model = portable.base_model = "tiny/bert";
  plain.dropout = portable.dropout = 0.1;
  return {{"plain", SmallAdapter(), plain},
          {"mixed", SmallAdapter(4), plain},
          {"portable", SmallAdapter(4), portable}};
}

TEST_F(PeftTest, WritesTheGoldenFilesByteForByte) {
  for (const GoldenCase& golden : GoldenCases()) {
    if (std::getenv("TRIBUTARY_WRITE_GOLDEN") != nullptr) {
      EXPECT_TRUE(
          WritePeft(Golden(golden.name), ExportPeft(golden.adapter, golden.options)).has_value());
    }
    const auto directory = Written(ExportPeft(golden.adapter, golden.options));
    for (const char* file : {"adapter_config.json", "adapter_model.safetensors"})
      EXPECT_EQ(ReadFile(directory / file).value_or("found"),
                ReadFile(Golden(golden.name) / file).value_or("golden"))
          << golden.name << "/" << file;
  }
}

TEST_F(PeftTest, ReadsTheGoldenFilesBack) {
  for (const GoldenCase& golden : GoldenCases()) {
    const auto adapter = ImportPeft(Golden(golden.name), kLinears);
    ASSERT_TRUE(adapter.has_value()) << adapter.error().message;
    ExpectSameChange(golden.adapter, *adapter);
  }
}

// Written by peft itself: rslora, alpha_pattern and rank_pattern, targets as an expression; the
// change of every layer as peft computes it is beside it.
TEST_F(PeftTest, ReadsWhatPeftWrote) {
  const auto adapter = ImportPeft(Golden("from-peft"), kLinears);
  ASSERT_TRUE(adapter.has_value()) << adapter.error().message;
  const auto expected = ReadSafetensors(Golden("from-peft") / "delta.safetensors");
  ASSERT_TRUE(expected.has_value());
  ASSERT_EQ(adapter->layers.size(), 2u);
  for (const PeftLayer& layer : adapter->layers) {
    const Matrix delta = ToMatrix(expected->at(layer.module).view());
    EXPECT_LE((layer.factors.Product() - delta).norm(), 1e-6 * delta.norm()) << layer.module;
  }
  EXPECT_EQ(adapter->head.at("classifier.weight"), expected->at("classifier.weight"));
}

TEST_F(PeftTest, MixedRanksBecomePatterns) {
  const Json config = Json::parse(ExportPeft(SmallAdapter(4), {}).config);
  EXPECT_EQ(config["r"], 4);
  EXPECT_EQ(config["lora_alpha"], 8);
  EXPECT_EQ(config["rank_pattern"], Json({{kQuery, 2}}));
  EXPECT_EQ(config["alpha_pattern"], Json({{kQuery, 4}}));
  EXPECT_EQ(config["base_model_name_or_path"], Json());
}

TEST_F(PeftTest, PortableHasOneRankAndNoPatterns) {
  const PeftFiles files = ExportPeft(SmallAdapter(4), Portable());
  const Json config = Json::parse(files.config);
  EXPECT_EQ(config["r"], 4);
  EXPECT_EQ(config["lora_alpha"], 4);
  EXPECT_TRUE(config["rank_pattern"].empty() && config["alpha_pattern"].empty());
  EXPECT_EQ(files.tensors.at(fmt::format("base_model.model.{}.lora_A.weight", kQuery)).shape(),
            (Shape{4, 8}));
}

TEST_F(PeftTest, ScaleThatGivesNoWholeAlphaIsKept) {
  PeftAdapter adapter = SmallAdapter();
  for (PeftLayer& layer : adapter.layers) layer.scale = 0.3;
  const PeftFiles files = ExportPeft(adapter, {});
  EXPECT_EQ(Json::parse(files.config)["lora_alpha"], 0.6);
  const auto read = ImportPeft(Written(files), kLinears);
  ASSERT_TRUE(read.has_value());
  ExpectSameChange(adapter, *read);
}

TEST_F(PeftTest, TruncationReportsWhatItCutOff) {
  const PeftAdapter adapter = SmallAdapter(4);
  const PeftFiles files = ExportPeft(adapter, CutTo(2));
  const auto read = ImportPeft(Written(files), kLinears);
  ASSERT_TRUE(read.has_value());
  double cut = 0, whole = 0;
  for (size_t i = 0; i < 2; ++i) {
    const Matrix full = adapter.layers[i].scale * adapter.layers[i].factors.Product();
    cut += (full - read->layers[i].factors.Product()).squaredNorm();
    whole += full.squaredNorm();
    EXPECT_LE(read->layers[i].factors.left.cols(), 2);
  }
  EXPECT_GT(files.truncation_error, 0.01);
  EXPECT_NEAR(files.truncation_error, std::sqrt(cut / whole), 1e-6);
  EXPECT_EQ(ExportPeft(adapter, CutTo(4)).truncation_error, 0);
}

TEST_F(PeftTest, LayerWithoutAnyRankIsWrittenAsZeros) {
  PeftAdapter adapter = SmallAdapter();
  adapter.layers[0].factors = {Matrix(6, 0), Matrix(0, 8)};
  const auto read = ImportPeft(Written(ExportPeft(adapter, {})), kLinears);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->layers[0].factors.Product(), Matrix::Zero(6, 8));
}

TEST_F(PeftTest, TargetsMayBeSuffixesOrAnExpression) {
  const PeftFiles files = ExportPeft(SmallAdapter(), {});
  for (const Json& targets :
       {Json({"query", "output.dense"}), Json(".*\\.(query|output\\.dense)"), Json("all-linear")}) {
    const auto read = ReadWith([&](Json* config) { (*config)["target_modules"] = targets; }, files);
    ASSERT_TRUE(read.has_value()) << targets << read.error().message;
    ExpectSameChange(SmallAdapter(), *read);
  }
}

TEST_F(PeftTest, WhatItCannotReadIsRefusedByName) {
  const PeftFiles files = ExportPeft(SmallAdapter(), {});
  const std::vector<std::tuple<std::string, Json, std::string>> cases = {
      {"use_dora", true, "use_dora"},
      {"peft_type", "IA3", "peft_type: \"IA3\""},
      {"bias", "all", "bias"},
      {"lora_bias", true, "lora_bias"},
      {"layer_replication", {{0, 1}}, "layer_replication"},
      {"an_option_from_the_future", 3, "an_option_from_the_future"},
      {"r", 3, "lora_A.weight: shape [2,8], expected [3,8]"},
      {"r", -1, "r: -1"},
      {"rank_pattern", {{"(", 3}}, "no regular expression"},
      {"rank_pattern", {{std::string(600, 'a'), 3}}, "at most 512"},
      {"target_modules", {"query"}, "layer.1.output.dense: not named by target_modules"},
      {"target_modules", {"query", "dense"}, "pooler.dense.lora_A.weight: missing"},
      {"target_modules", 7, "target_modules: 7"},
  };
  for (const auto& [key, value, expected] : cases) {
    const auto read = ReadWith([&](Json* config) { (*config)[key] = value; }, files);
    ASSERT_FALSE(read.has_value()) << key;
    EXPECT_NE(read.error().message.find(expected), std::string::npos) << read.error().message;
  }
}

TEST_F(PeftTest, TensorsThatDoNotBelongAreNamed) {
  const auto message = [&](const std::string& name, const Tensor& tensor) {
    PeftFiles files = ExportPeft(SmallAdapter(), {});
    files.tensors[name] = tensor;
    std::filesystem::remove_all(Directory());
    const auto read = ImportPeft(Written(files), kLinears);
    return read.has_value() ? "" : read.error().message;
  };
  const std::string query = fmt::format("base_model.model.{}", kQuery);
  const Tensor six(DType::kF32, {6});
  EXPECT_NE(message(query + ".lora_magnitude_vector", six).find("lora_magnitude_vector"),
            std::string::npos);
  EXPECT_NE(message("classifier.weight", six).find("begins with base_model.model."),
            std::string::npos);
  EXPECT_NE(message("base_model.model.bert.nowhere.lora_A.weight", six).find("bert.nowhere"),
            std::string::npos);
  const Tensor nan = Tensor::FromF32({2, 8}, std::vector<float>(16, std::nanf("")));
  EXPECT_NE(
      message(query + ".lora_A.weight", nan).find("lora_A.weight: a number that is not finite"),
      std::string::npos);
  const Tensor flat(DType::kF32, {16});
  EXPECT_NE(message(query + ".lora_A.weight", flat).find("shape [16], expected [2,8]"),
            std::string::npos);
}

TEST_F(PeftTest, MissingAndBrokenFilesAreNamed) {
  EXPECT_NE(ImportPeft(Directory(), kLinears).error().message.find("adapter_config.json"),
            std::string::npos);
  const auto directory = Written(ExportPeft(SmallAdapter(), {}));
  TRIBUTARY_CHECK(WriteFile(directory / "adapter_config.json", "{").has_value(),
                  "a test's file is written");
  const auto read = ImportPeft(directory, kLinears);
  EXPECT_NE(read.error().message.find("adapter_config.json: not a JSON object"), std::string::npos)
      << read.error().message;
}

}  // namespace
}  // namespace tributary::adapter
