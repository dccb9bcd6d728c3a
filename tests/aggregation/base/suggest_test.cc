#include "aggregation/base/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace tributary {
namespace {

const std::vector<std::string_view> kNames = {"client", "label", "text", "title"};

TEST(Nearest, FindsATypoATranspositionAndAnotherCase) {
  EXPECT_EQ(Nearest("lable", kNames), "label");
  EXPECT_EQ(Nearest("txet", kNames), "text");
  EXPECT_EQ(Nearest("CLIENT", kNames), "client");
  EXPECT_EQ(Nearest("clients", kNames), "client");
}

TEST(Nearest, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(Nearest("sentence", kNames), "");
  EXPECT_EQ(Nearest("x", kNames), "");
  EXPECT_EQ(Nearest("", kNames), "");
  EXPECT_EQ(Nearest("text", {}), "");
  EXPECT_EQ(Nearest(std::string(1000, 'a'), kNames), "");
}

TEST(DidYouMean, IsAPhraseOrNothing) {
  EXPECT_EQ(DidYouMean("txt", kNames), " (did you mean \"text\"?)");
  EXPECT_EQ(DidYouMean("sentence", kNames), "");
}

}  // namespace
}  // namespace tributary
