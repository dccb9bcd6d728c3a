// Files that break the format's rules, written by hand: each is refused with the reason.

#include <gtest/gtest.h>

#include "aggregation/tensor/safetensors.h"
#include "tests/support/matchers.h"

namespace tributary {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string File(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header + std::string(data_bytes, 'd');
}

Status Parse(const std::string& file) {
  RETURN_IF_ERROR(ParseSafetensors(Bytes(file)));
  return {};
}

const std::string kF32 = R"("dtype":"F32","shape":[2],"data_offsets":[0,8])";

TEST(SafetensorsHostile, TheHelperHereMakesFilesThatAreRead) {
  EXPECT_THAT(Parse(File("{}", 0)), IsOk());
  EXPECT_THAT(Parse(File("{\"a\":{" + kF32 + "}}", 8)), IsOk());
  EXPECT_THAT(
      Parse(File("{ \"__metadata__\" : {\"k\":\"v\"} ,\n\t\"a\" : {" + kF32 + "} } \n ", 8)),
      IsOk());
}

struct Hostile {
  const char* header;
  size_t data_bytes;
  const char* reason;
};

TEST(SafetensorsHostile, EveryBrokenRuleIsRefusedWithItsReason) {
  const Hostile cases[] = {
      // Where the data lies.
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
       12, "b: data begins at byte 4, expected 8 (tensors overlap)"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
       8, "b: data begins at byte 0, expected 8 (tensors overlap)"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}})",
       20, "b: data begins at byte 12, expected 8 (tensors leave a hole)"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12,
       "a: data begins at byte 4, expected 0"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 9,
       "data ends at byte 8, but the file holds 9 bytes"},
      {R"({})", 1, "data ends at byte 0, but the file holds 1 bytes"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7,
       "a: data_offsets [0,8] do not lie within the 7 bytes"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8, "a: data_offsets [8,0]"},
      {R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[4,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
       8, "a: data begins at byte 4, expected 8 (tensors overlap)"},
      // Sizes and shapes.
      {R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8,
       "a: 8 bytes of data, expected 12 for F32 [3]"},
      {R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,8]}})", 8,
       "a: 8 bytes of data, expected 4 for BF16 [2]"},
      {R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0,8]}})", 8,
       "a: 8 bytes of data, expected 4 for F32 []"},
      {R"({"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}})", 8,
       "beyond 2^63"},
      {R"({"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}})", 8,
       "a: shape [9223372036854775807] holds more"},
      {R"({"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}})", 8,
       "is not an integer"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0,
       "holds more elements"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387905,4],"data_offsets":[0,16]}})", 16,
       "holds more elements"},
      {R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, "negative number -2"},
      {R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", 8,
       "number 2.0 is not an integer"},
      {R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}})",
       8, "a: more than 16 numbers in shape"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}})", 8,
       "a: more than 2 numbers in data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", 8, "a: data_offsets [0]"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615]}})", 8,
       "beyond 2^63"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})", 8,
       "a: dtype U8 is not supported"},
      // Keys.
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
       8, "duplicate key \"a\""},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\u0061":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
       8, "duplicate key \"a\""},
      {R"({"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8,
       "a: duplicate key \"dtype\""},
      {R"({"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}})", 8,
       "a: duplicate key \"shape\""},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"data_offsets":[0,8]}})", 8,
       "a: duplicate key \"data_offsets\""},
      {R"({"__metadata__":{"k":"v","k":"v"}})", 0, "duplicate metadata key k"},
      {R"({"__metadata__":{},"__metadata__":{}})", 0, "duplicate key \"__metadata__\""},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"device":"cpu"}})", 8,
       "a: unknown key \"device\""},
      {R"({"a":{"shape":[2],"data_offsets":[0,8]}})", 8, "a: needs dtype, shape and data_offsets"},
      {R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", 8, "a: needs dtype"},
      {R"({"a":{"dtype":"F32","shape":[2]}})", 8, "a: needs dtype"},
      {R"({"a":{}})", 0, "a: needs dtype"},
      // Values of the wrong kind.
      {R"({"a":{"dtype":5,"shape":[2],"data_offsets":[0,8]}})", 8,
       "a number stands where none may"},
      {R"({"a":{"dtype":"F32","shape":"2","data_offsets":[0,8]}})", 8,
       "a string stands where none may"},
      {R"({"a":{"dtype":"F32","shape":{"2":2},"data_offsets":[0,8]}})", 8, "nested too deeply"},
      {R"({"a":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}})", 8,
       "an array stands where none may"},
      {R"({"a":{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}})", 8,
       "a string stands where none may"},
      {R"({"a":{"dtype":"F32","shape":[null],"data_offsets":[0,8]}})", 8, "null is not allowed"},
      {R"({"a":{"dtype":["F32"],"shape":[2],"data_offsets":[0,8]}})", 8,
       "an array stands where none may"},
      {R"({"a":true})", 0, "a boolean is not allowed"},
      {R"({"a":[]})", 0, "an array stands where none may"},
      {R"({"a":"b"})", 0, "a string stands where none may"},
      {R"({"a":1})", 0, "a number stands where none may"},
      {R"({"__metadata__":{"k":1}})", 0, "a number stands where none may"},
      {R"({"__metadata__":{"k":{}}})", 0, "nested too deeply"},
      {R"({"__metadata__":{"k":["v"]}})", 0, "an array stands where none may"},
      {R"({"__metadata__":"k"})", 0, "a string stands where none may"},
      {R"({"__metadata__":null})", 0, "null is not allowed"},
      // JSON itself.
      {"", 0, "does not begin with '{'"},
      {" {}", 0, "does not begin with '{'"},
      {"[]", 0, "does not begin with '{'"},
      {"\xef\xbb\xbf{}", 0, "does not begin with '{'"},
      {"{}{}", 0, "not JSON"},
      {"{} x", 0, "not JSON"},
      {"{", 0, "not JSON"},
      {"{\"a\"}", 0, "not JSON"},
      {"{\"a\":}", 0, "not JSON"},
      {"{,}", 0, "not JSON"},
      {"{/* */}", 0, "not JSON"},
      {"{\"\xff\":{}}", 0, "not JSON"},
      {"{\"\xc0\x80\":{}}", 0, "not JSON"},
      {"{\"\xed\xa0\x80\":{}}", 0, "not JSON"},
      {"{\"\\ud800\":{}}", 0, "not JSON"},
      {"{\"a\n\":{}}", 0, "not JSON"},
      {R"({"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,8]}})", 8, "not JSON"},
      {R"({"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}})", 8, "not JSON"},
  };
  for (const Hostile& hostile : cases)
    EXPECT_THAT(Parse(File(hostile.header, hostile.data_bytes)),
                Fails(Code::kInvalidArgument, hostile.reason))
        << hostile.header;
}

TEST(SafetensorsHostile, AZeroByteDoesNotEndTheHeader) {
  EXPECT_THAT(Parse(File(std::string("{}\0\0\0\0\0\0", 8), 0)),
              Fails(Code::kInvalidArgument, "byte 2 is zero"));
  EXPECT_THAT(Parse(File(std::string("{\"a\0\":{}}", 9), 0)),
              Fails(Code::kInvalidArgument, "byte 3 is zero"));
}

TEST(SafetensorsHostile, DeepNestingIsRefusedWithoutRecursion) {
  const std::string deep(10'000'000, '[');
  EXPECT_THAT(Parse(File("{\"a\":" + deep, 0)),
              Fails(Code::kInvalidArgument, "an array stands where none may"));
  std::string objects = "{\"a\":{";
  for (int i = 0; i < 1'000'000; ++i) objects += "\"dtype\":{";
  EXPECT_THAT(Parse(File(objects, 0)), Fails(Code::kInvalidArgument, "nested too deeply"));
}

TEST(SafetensorsHostile, AFileCutAnywhereIsRefused) {
  TensorMap tensors;
  tensors.emplace("first", Tensor(DType::kF32, {3}));
  tensors.emplace("second", Tensor(DType::kBF16, {2, 2}));
  const std::string file = SerializeSafetensors(tensors, {{"format", "pt"}});
  EXPECT_THAT(Parse(file), IsOk());
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_THAT(Parse(file.substr(0, size)),
                Fails(Code::kInvalidArgument, size < 8 ? "too few" : "bytes"))
        << size;
  EXPECT_THAT(Parse(file + '\0'),
              Fails(Code::kInvalidArgument, "data ends at byte 20, but the file holds 21"));
}

// Any single bit of a header that is flipped either breaks a rule or changes what the header says;
// never anything beyond the bytes of the file.
TEST(SafetensorsHostile, AFlippedBitInTheHeaderNeverLeadsOutOfTheFile) {
  TensorMap tensors;
  tensors.emplace("first", Tensor(DType::kF32, {3}));
  tensors.emplace("second", Tensor(DType::kBF16, {2, 2}));
  const std::string file = SerializeSafetensors(tensors);
  for (size_t i = 0; i < file.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = file;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      const auto parsed = ParseSafetensors(Bytes(damaged));
      if (!parsed) continue;
      size_t bytes = 0;
      for (const auto& [name, view] : parsed->tensors) bytes += Copy(view).bytes().size();
      EXPECT_EQ(bytes, 20U) << i << " " << bit;
    }
}

TEST(SafetensorsHostile, AHeaderOfAHundredMegabytesIsTheMost) {
  constexpr size_t kMost = 100'000'000;
  std::string header = "{\"a\":{" + kF32 + "}}";
  header.resize(kMost, ' ');
  std::string file = File(header, 8);
  EXPECT_THAT(Parse(file), IsOk());
  const uint64_t lie = kMost + 1;
  std::memcpy(file.data(), &lie, 8);
  EXPECT_THAT(Parse(file), Fails(Code::kInvalidArgument,
                                 "header of 100000001 bytes, at most 100000000 are allowed"));
  for (const uint64_t length :
       {uint64_t{1} << 32, uint64_t{1} << 63, ~uint64_t{0}, ~uint64_t{0} - 7}) {
    std::string small = File("{}", 0);
    std::memcpy(small.data(), &length, 8);
    EXPECT_THAT(Parse(small), Fails(Code::kInvalidArgument, "at most 100000000 are allowed"));
  }
  std::string short_file = File("{}", 0);
  const uint64_t three = 3;
  std::memcpy(short_file.data(), &three, 8);
  EXPECT_THAT(Parse(short_file),
              Fails(Code::kInvalidArgument, "header of 3 bytes, but only 2 bytes follow"));
}

std::string Tensors(int count) {
  std::string header = "{";
  for (int i = 0; i < count; ++i)
    header += fmt::format(R"({}"t{}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})",
                          i == 0 ? "" : ",", i);
  return header + "}";
}

std::string Keys(int count) {
  std::string header = R"({"__metadata__":{)";
  for (int i = 0; i < count; ++i) header += fmt::format(R"({}"k{}":"")", i == 0 ? "" : ",", i);
  return header + "}}";
}

// privacy-security's limits: what a peer sends may hold less than a file that the user named.
TEST(SafetensorsHostile, WhatAPeerSendsHasLimits) {
  const struct {
    std::string just, beyond, reason;
  } cases[] = {
      {Tensors(10'000), Tensors(10'001), "more than 10000 tensors"},
      {Keys(64), Keys(65), "more than 64 keys of metadata"},
      {R"({"a":{"dtype":"F32","shape":[1,1,1,0],"data_offsets":[0,0]}})",
       R"({"a":{"dtype":"F32","shape":[1,1,1,1,0],"data_offsets":[0,0]}})",
       "a: more than 4 numbers in shape"},
      {"{}" + std::string((size_t{1} << 20) - 2, ' '),
       "{}" + std::string((size_t{1} << 20) - 1, ' '),
       "header of 1048577 bytes, at most 1048576 are allowed"},
  };
  for (const auto& [just, beyond, reason] : cases) {
    const std::string within = File(just, 0), outside = File(beyond, 0);
    EXPECT_THAT(ParseSafetensors(Bytes(within), kPeerSafetensors).has_value(), true) << reason;
    const auto refused = ParseSafetensors(Bytes(outside), kPeerSafetensors);
    ASSERT_FALSE(refused.has_value()) << reason;
    EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
    EXPECT_THAT(refused.error().message, testing::HasSubstr(reason));
    EXPECT_THAT(Parse(outside), IsOk()) << reason;
  }
}

}  // namespace
}  // namespace tributary
