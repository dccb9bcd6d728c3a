#include "aggregation/base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tributary {
namespace {

std::string Nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, WhatIsReadIsWritten) {
  const std::string text = R"({"b":[1,2.5,"\"[[{",null,true],"a":{}})";
  EXPECT_EQ(DumpJson(ParseOrderedJson(text)), text);
  EXPECT_EQ(DumpJson(ParseJson(text)), R"({"a":{},"b":[1,2.5,"\"[[{",null,true]})");
  EXPECT_EQ(DumpJson(ParseJson("[1]"), 2), "[\n  1\n]");
}

TEST(Json, WhatIsNoneIsDiscarded) {
  for (const char* text : {"", "{", "]", "{\"a\":}", "[1,]", "nul", "\"", "{}x", "\xff"})
    EXPECT_TRUE(ParseJson(text).is_discarded()) << text;
}

TEST(Json, DepthHasALimit) {
  EXPECT_TRUE(ParseJson(Nested(kMaxJsonDepth)).is_array());
  EXPECT_TRUE(ParseJson(Nested(kMaxJsonDepth + 1)).is_discarded());
  EXPECT_TRUE(ParseJson(Nested(1'000'000)).is_discarded());
  EXPECT_TRUE(ParseJson("\"" + std::string(1000, '[') + "\"").is_string());
  EXPECT_TRUE(ParseJson("\"\\\"" + std::string(1000, '[') + "\"").is_string());
}

TEST(Json, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(DumpJson(nlohmann::json("a\xff")), "\"a\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace tributary
