#pragma once
// Errors as values. A Status or Result<T> must be looked at; codes are gRPC's seventeen with gRPC's
// numbers. Three kinds of failure, three treatments: bad input and a failing world are a Status,
// a broken promise of our own is TRIBUTARY_CHECK (on in release), a foreign exception is caught in
// the file that may include the library and becomes a Status.

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace tributary {

enum class Code : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// The code's name as gRPC spells it, e.g. "INVALID_ARGUMENT".
std::string_view CodeName(Code code);

struct Error {
  Code code = Code::kUnknown;
  std::string message;  // names the subject, what was found and what was expected
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error> e) : tl::expected<T, Error>(std::move(e)) {}  // NOLINT: implicit
};
using Status = Result<void>;

// Makes an error of the given code: return MakeError(Code::kNotFound, "no file {}", path);
template <typename... Args>
tl::unexpected<Error> MakeError(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}
template <typename... Args>
tl::unexpected<Error> InvalidArgument(fmt::format_string<Args...> format, Args&&... args) {
  return MakeError(Code::kInvalidArgument, format, std::forward<Args>(args)...);
}

// Puts "prefix: " before an error's message, keeping its code.
tl::unexpected<Error> Annotate(Error error, std::string_view prefix);

[[noreturn]] void CheckFailed(const char* file, int line, std::string_view what);

}  // namespace tributary

#define TRIBUTARY_CONCAT_(a, b) a##b
#define TRIBUTARY_CONCAT(a, b) TRIBUTARY_CONCAT_(a, b)

// Leaves the function with the error of `expression` if it has one.
#define RETURN_IF_ERROR(expression) \
  RETURN_IF_ERROR_(TRIBUTARY_CONCAT(tributary_status_, __COUNTER__), expression)
#define RETURN_IF_ERROR_(status, expression)                                \
  do {                                                                      \
    if (auto status = (expression); !status.has_value())                    \
      return tl::unexpected<::tributary::Error>(std::move(status).error()); \
  } while (false)

// ASSIGN_OR_RETURN(auto x, F()): x is F()'s value, or the function returns F()'s error.
#define ASSIGN_OR_RETURN(declaration, expression) \
  ASSIGN_OR_RETURN_(TRIBUTARY_CONCAT(tributary_result_, __COUNTER__), declaration, expression)
#define ASSIGN_OR_RETURN_(result, declaration, expression)                                       \
  auto result = (expression);                                                                    \
  if (!result.has_value()) return tl::unexpected<::tributary::Error>(std::move(result).error()); \
  declaration = *std::move(result)

// A promise of ours; broken, the program stops with the place and the reason.
#define TRIBUTARY_CHECK(condition, what)                                    \
  do {                                                                      \
    if (!(condition)) ::tributary::CheckFailed(__FILE__, __LINE__, (what)); \
  } while (false)
