#include "aggregation/base/status.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace tributary {

std::string_view CodeName(Code code) {
  static constexpr std::array<std::string_view, 17> kNames = {"OK",
                                                              "CANCELLED",
                                                              "UNKNOWN",
                                                              "INVALID_ARGUMENT",
                                                              "DEADLINE_EXCEEDED",
                                                              "NOT_FOUND",
                                                              "ALREADY_EXISTS",
                                                              "PERMISSION_DENIED",
                                                              "RESOURCE_EXHAUSTED",
                                                              "FAILED_PRECONDITION",
                                                              "ABORTED",
                                                              "OUT_OF_RANGE",
                                                              "UNIMPLEMENTED",
                                                              "INTERNAL",
                                                              "UNAVAILABLE",
                                                              "DATA_LOSS",
                                                              "UNAUTHENTICATED"};
  const auto i = static_cast<size_t>(code);
  return i < kNames.size() ? kNames[i] : "UNKNOWN";
}

tl::unexpected<Error> Annotate(Error error, std::string_view prefix) {
  error.message = fmt::format("{}: {}", prefix, error.message);
  return tl::unexpected<Error>(std::move(error));
}

void CheckFailed(const char* file, int line, std::string_view what) {
  fmt::print(stderr, "tributary: broken promise at {}:{}: {}\n", file, line, what);
  std::abort();
}

}  // namespace tributary
