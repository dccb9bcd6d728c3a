// What a coordinator says that a base model has, before any of it is fetched.

#include "client/edge/model_cache.h"

#include <gtest/gtest.h>

#include "tests/support/matchers.h"

namespace tributary::edge {
namespace {

proto::ModelManifest Of(const std::string& name, int64_t size = 10) {
  return {{{"config.json", {}, 1}, {name, {}, size}}};
}

TEST(ModelManifest, NamesFilesOfAModel) {
  for (const char* name : {"tokenizer.json", "model.safetensors", "model.safetensors.index.json",
                           "model-00001-of-00002.safetensors"})
    EXPECT_THAT(CheckModelManifest(Of(name)), IsOk()) << name;
}

TEST(ModelManifest, NamesNothingElse) {
  for (const char* name :
       {"../model.safetensors", "a/model.safetensors", ".safetensors", "model.bin", "",
        "/etc/passwd", "config.json/..", "..", ".hidden.safetensors", "model.safetensors.part"})
    EXPECT_THAT(CheckModelManifest(Of(name)), Fails(Code::kInvalidArgument, "no file of a model"))
        << name;
  EXPECT_THAT(CheckModelManifest(Of("config.json")), Fails(Code::kInvalidArgument, "there twice"));
  for (const int64_t size : {int64_t{0}, int64_t{-1}, INT64_MAX})
    EXPECT_THAT(CheckModelManifest(Of("model.safetensors", size)),
                Fails(Code::kInvalidArgument, "bytes, expected 1 to"));
  EXPECT_THAT(CheckModelManifest({}), Fails(Code::kInvalidArgument, "0 files"));
}

}  // namespace
}  // namespace tributary::edge
