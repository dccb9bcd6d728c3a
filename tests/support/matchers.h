#pragma once
// Matchers for errors as values: EXPECT_THAT(ReadFile(path), Fails(Code::kNotFound, "model.bin")).

#include <gmock/gmock.h>

#include "aggregation/base/status.h"

namespace tributary {

MATCHER(IsOk, "is OK") {
  if (!arg.has_value())
    *result_listener << CodeName(arg.error().code) << ": " << arg.error().message;
  return arg.has_value();
}

MATCHER_P2(Fails, code, text, "") {
  if (arg.has_value()) {
    *result_listener << "is OK";
    return false;
  }
  *result_listener << CodeName(arg.error().code) << ": " << arg.error().message;
  return arg.error().code == code && arg.error().message.find(text) != std::string::npos;
}

}  // namespace tributary
