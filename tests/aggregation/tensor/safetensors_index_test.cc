// Sharded models: the index is as little trusted as the shards.

#include <gtest/gtest.h>

#include "aggregation/tensor/safetensors.h"
#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary {
namespace {

class SafetensorsIndex : public testing::Test {
 protected:
  SafetensorsIndex() {
    std::filesystem::create_directory(scratch_.path() / "model");
    WriteShard("model/one.safetensors", {"a", "b"});
    WriteShard("model/two.safetensors", {"c"});
    WriteShard("secret.safetensors", {"c"});
  }
  void WriteShard(const std::string& file, const std::vector<std::string>& names) {
    TensorMap tensors;
    for (const std::string& name : names) tensors.emplace(name, Tensor(DType::kF32, {2}));
    ASSERT_THAT(WriteSafetensors(scratch_.path() / file, tensors), IsOk());
  }
  Result<std::shared_ptr<const SafetensorsReader>> Open(const std::string& json) {
    EXPECT_THAT(WriteFile(index_, json), IsOk());
    return SafetensorsReader::OpenSharded(index_);
  }
  Result<std::shared_ptr<const SafetensorsReader>> OpenMap(const std::string& entries) {
    return Open("{\"weight_map\":{" + entries + "}}");
  }
  ScratchDirectory scratch_;
  const std::filesystem::path index_ = scratch_.path() / "model" / "model.safetensors.index.json";
  const std::string two_ = R"("a":"one.safetensors","b":"one.safetensors")";
};

TEST_F(SafetensorsIndex, ReadsEveryShard) {
  const auto reader =
      Open(R"({"metadata":{"total_size":24},"weight_map":{"c":"two.safetensors",)" + two_ + "}}");
  ASSERT_THAT(reader, IsOk());
  EXPECT_EQ((*reader)->tensors().size(), 3U);
  EXPECT_THAT((*reader)->tensors().at("c").as<float>(), testing::ElementsAre(0, 0));
}

TEST_F(SafetensorsIndex, RefusesWhatIsNoIndex) {
  for (const char* json : {"", "{", "[]", "{}", "null", R"({"weight_map":[]})",
                           R"({"weight_map":"one.safetensors"})", "{\"weight_map\":{}} x", "\xff"})
    EXPECT_THAT(Open(json),
                Fails(Code::kInvalidArgument, index_.string() + ": expected a JSON object"))
        << json;
  EXPECT_THAT(SafetensorsReader::OpenSharded(scratch_.path() / "none.json"),
              Fails(Code::kNotFound, "none.json"));
}

TEST_F(SafetensorsIndex, RefusesDuplicateKeysAtBothLevels) {
  EXPECT_THAT(OpenMap(two_ + R"(,"c":"two.safetensors","c":"one.safetensors")"),
              Fails(Code::kInvalidArgument, "duplicate key \"c\""));
  EXPECT_THAT(Open("{\"weight_map\":{" + two_ + "},\"weight_map\":{}}"),
              Fails(Code::kInvalidArgument, "duplicate key \"weight_map\""));
}

TEST_F(SafetensorsIndex, NeverLeavesItsOwnDirectory) {
  const std::string outside = (scratch_.path() / "secret.safetensors").string();
  for (const std::string& name :
       {std::string("../secret.safetensors"), outside, std::string(".."), std::string("."),
        std::string(""), std::string(".hidden"), std::string("sub/../../secret.safetensors"),
        std::string("..\\\\secret.safetensors"), std::string("two.safetensors\\u0000x"),
        std::string("two\\n.safetensors"), std::string(256, 'x')})
    EXPECT_THAT(OpenMap(two_ + ",\"c\":\"" + name + "\""),
                Fails(Code::kInvalidArgument, "expected a plain file name"))
        << name;
  for (const char* value : {"5", "null", "[\"two.safetensors\"]", "{}"})
    EXPECT_THAT(OpenMap(two_ + ",\"c\":" + value), Fails(Code::kInvalidArgument, "c names shard"))
        << value;
}

TEST_F(SafetensorsIndex, NamesAShardThatIsMissingOrDamaged) {
  EXPECT_THAT(OpenMap(two_ + R"(,"c":"three.safetensors")"),
              Fails(Code::kNotFound, "model/three.safetensors"));
  ASSERT_THAT(WriteFile(scratch_.path() / "model" / "two.safetensors", "short"), IsOk());
  EXPECT_THAT(OpenMap(two_ + R"(,"c":"two.safetensors")"),
              Fails(Code::kInvalidArgument, "model/two.safetensors: 5 bytes are too few"));
}

TEST_F(SafetensorsIndex, NamesATensorThatIsNotWhereTheIndexSays) {
  EXPECT_THAT(OpenMap(two_ + R"(,"d":"two.safetensors")"),
              Fails(Code::kInvalidArgument, "d is not in two.safetensors"));
  EXPECT_THAT(
      OpenMap(R"("a":"one.safetensors","c":"two.safetensors")"),
      Fails(Code::kInvalidArgument, "b is in one.safetensors, where the index does not place it"));
  WriteShard("model/two.safetensors", {"a", "c"});
  EXPECT_THAT(
      OpenMap(two_ + R"(,"c":"two.safetensors")"),
      Fails(Code::kInvalidArgument, "a is in two.safetensors, where the index does not place it"));
}

TEST_F(SafetensorsIndex, TakesDeepNestingElsewhereWithoutHarm) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THAT(Open("{\"metadata\":" + deep + ",\"weight_map\":{" + two_ + "}}"), IsOk());
}

}  // namespace
}  // namespace tributary
