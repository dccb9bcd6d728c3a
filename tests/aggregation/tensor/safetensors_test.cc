// Our writer and reader against files of the reference package
// (tests/data/golden/safetensors/make.py).

#include "aggregation/tensor/safetensors.h"

#include <gtest/gtest.h>

#include "tests/support/matchers.h"
#include "tests/support/scratch.h"

namespace tributary {
namespace {

const std::filesystem::path kGolden = TRIBUTARY_SOURCE_DIR "/tests/data/golden/safetensors";

// The tensor that make.py calls values(dtype, shape).
Tensor Values(DType dtype, const Shape& shape) {
  Tensor tensor(DType::kF64, shape);
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor.f64()[static_cast<size_t>(i)] = static_cast<double>(i - 3) / 2;
  if (dtype != DType::kI64) return *Convert(tensor.view(), dtype);
  Tensor integers(DType::kI64, shape);
  for (int64_t i = 0; i < integers.size(); ++i) integers.i64()[static_cast<size_t>(i)] = 7 * i - 5;
  return integers;
}

struct GoldenFile {
  const char* file;
  Metadata metadata;
  std::vector<std::tuple<std::string, DType, Shape>> tensors;

  TensorMap Make() const {
    TensorMap map;
    for (const auto& [name, dtype, shape] : tensors) map.emplace(name, Values(dtype, shape));
    return map;
  }
};

std::vector<GoldenFile> GoldenFiles() {
  GoldenFile types{"types.safetensors", {{"format", "pt"}}, {}};
  for (const std::string part : {"a", "b"})
    for (const auto& [name, dtype] : std::map<std::string, DType>{{"f32", DType::kF32},
                                                                  {"f64", DType::kF64},
                                                                  {"bf16", DType::kBF16},
                                                                  {"f16", DType::kF16},
                                                                  {"i64", DType::kI64}})
      types.tensors.emplace_back(part + "." + name, dtype, Shape{3, 5});
  return {{"empty.safetensors", {}, {}},
          types,
          {"shapes.safetensors",
           {},
           {{"scalar", DType::kF32, {}},
            {"none", DType::kF32, {0}},
            {"no rows", DType::kF16, {0, 7}},
            {"vector", DType::kBF16, {1}},
            {"deep", DType::kF64, {2, 1, 3, 1, 2}}}},
          {"names.safetensors",
           {{"a \"key\"\n", "välue \x01 \\"}},
           {{"quote \" slash / back \\", DType::kF32, {1}},
            {"tab\t line\n bell\a delete\x7f", DType::kF32, {2}},
            {"Ünïcode 漢字 😀", DType::kF32, {3}},
            {"", DType::kF32, {4}}}}};
}

TEST(SafetensorsGolden, WritesTheReferencePackagesBytes) {
  for (const GoldenFile& golden : GoldenFiles())
    EXPECT_EQ(SerializeSafetensors(golden.Make(), golden.metadata),
              *ReadFile(kGolden / golden.file))
        << golden.file;
}

TEST(SafetensorsGolden, ReadsTheReferencePackagesFiles) {
  for (const GoldenFile& golden : GoldenFiles()) {
    EXPECT_EQ(*ReadSafetensors(kGolden / golden.file), golden.Make()) << golden.file;
    EXPECT_EQ((*SafetensorsReader::Open(kGolden / golden.file))->metadata(), golden.metadata)
        << golden.file;
  }
}

TEST(SafetensorsGolden, ReadsTheReferencePackagesShards) {
  const auto reader = SafetensorsReader::OpenSharded(kGolden / "model.safetensors.index.json");
  ASSERT_THAT(reader, IsOk());
  const auto& tensors = (*reader)->tensors();
  ASSERT_EQ(tensors.size(), 3U);
  EXPECT_EQ(Copy(tensors.at("layer.0.weight")), Values(DType::kF32, {2, 2}));
  EXPECT_EQ(Copy(tensors.at("layer.1.weight")), Values(DType::kBF16, {4}));
  EXPECT_EQ(Copy(tensors.at("layer.2.weight")), Values(DType::kF32, {3}));
}

TEST(Safetensors, ReadsWhatItWrote) {
  const ScratchDirectory scratch;
  for (const GoldenFile& golden : GoldenFiles()) {
    const auto path = scratch.path() / golden.file;
    ASSERT_THAT(WriteSafetensors(path, golden.Make(), golden.metadata), IsOk());
    EXPECT_EQ(*ReadSafetensors(path), golden.Make());
  }
}

TEST(Safetensors, SeveralMetadataKeysAreWrittenInOrder) {
  const std::string bytes = SerializeSafetensors(TensorMap{}, {{"b", "2"}, {"a", "1"}});
  EXPECT_EQ(bytes.substr(8), R"({"__metadata__":{"a":"1","b":"2"}}      )");
}

TEST(Safetensors, NamesWhatAFileCannotCarry) {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "file.safetensors";
  TensorMap tensors;
  tensors.emplace("\xff\xfe", Tensor(DType::kF32, {1}));
  EXPECT_THAT(
      WriteSafetensors(path, tensors),
      Fails(Code::kInvalidArgument, path.string() + ": a tensor's name or metadata is not UTF-8"));
  EXPECT_THAT(WriteSafetensors(path, {}, {{"key", "\xc3"}}),
              Fails(Code::kInvalidArgument, "is not UTF-8"));
  tensors.clear();
  tensors.emplace("__metadata__", Tensor(DType::kF32, {1}));
  EXPECT_THAT(WriteSafetensors(path, tensors),
              Fails(Code::kInvalidArgument, "may not be named __metadata__"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

// Another writer may leave the data at any offset; what the reader shows can be read as numbers.
TEST(Safetensors, ViewsAreAlignedWhereverTheFileHoldsThem) {
  const std::string tensors =
      R"("a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"F64","shape":[2],"data_offsets":[2,18]})";
  for (size_t padding = 0; padding < 8; ++padding) {
    const std::string header = "{" + tensors + "}" + std::string(padding, ' ');
    const uint64_t length = header.size();
    std::string file(8, '\0');
    std::memcpy(file.data(), &length, 8);
    const double values[] = {1.5, -2};
    file += header + std::string(2, '\0') +
            std::string(reinterpret_cast<const char*>(values), sizeof values);
    const ScratchDirectory scratch;
    ASSERT_THAT(WriteFile(scratch.path() / "file", file), IsOk());
    const auto reader = SafetensorsReader::Open(scratch.path() / "file");
    ASSERT_THAT(reader, IsOk());
    EXPECT_THAT((*reader)->tensors().at("b").as<double>(), testing::ElementsAre(1.5, -2))
        << padding;
    EXPECT_THAT((*reader)->tensors().at("a").as<uint16_t>(), testing::ElementsAre(0)) << padding;
  }
}

TEST(Safetensors, AReaderOutlivesTheFilesReplacement) {
  const ScratchDirectory scratch;
  const auto path = scratch.path() / "file.safetensors";
  TensorMap tensors;
  tensors.emplace("a", Values(DType::kF32, {1000}));
  ASSERT_THAT(WriteSafetensors(path, tensors), IsOk());
  const auto reader = *SafetensorsReader::Open(path);
  ASSERT_THAT(WriteSafetensors(path, {}), IsOk());
  EXPECT_EQ(Copy(reader->tensors().at("a")), tensors.at("a"));
}

TEST(Safetensors, NamesFilesThatCannotBeOpened) {
  const ScratchDirectory scratch;
  EXPECT_THAT(SafetensorsReader::Open(scratch.path() / "none"),
              Fails(Code::kNotFound, (scratch.path() / "none").string()));
  EXPECT_THAT(SafetensorsReader::Open(scratch.path()),
              Fails(Code::kInvalidArgument, "Is a directory"));
  ASSERT_THAT(WriteFile(scratch.path() / "empty", ""), IsOk());
  EXPECT_THAT(SafetensorsReader::Open(scratch.path() / "empty"),
              Fails(Code::kInvalidArgument, "empty: 0 bytes are too few"));
}

}  // namespace
}  // namespace tributary
