#include "proto/enrolment_proof.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "aggregation/base/status.h"

namespace tributary::proto {
namespace {

std::array<std::byte, 32> Filled(int value) {
  std::array<std::byte, 32> bytes;
  bytes.fill(static_cast<std::byte>(value));
  return bytes;
}

std::string Hex(const privacy::Mac& mac) {
  std::string hex;
  for (const std::byte byte : mac.bytes) hex += fmt::format("{:02x}", static_cast<int>(byte));
  return hex;
}

// Made with Python's hmac and hashlib.
TEST(EnrolmentProof, IsTheCodeThatTheHeaderDescribes) {
  EXPECT_EQ(
      Hex(EnrolmentProof(Filled(1), Sha256("server"), Filled(2), Filled(3), Sha256("request"))),
      "34e254f575f6f29587f64c20f33ba4d4f12cc8a52eba0737119d8ec8e624e912");
}

TEST(EnrolmentProof, DependsOnEveryPart) {
  const auto hex = [](int secret, const char* server, int server_nonce, int client_nonce,
                      const char* request) {
    return Hex(EnrolmentProof(Filled(secret), Sha256(server), Filled(server_nonce),
                              Filled(client_nonce), Sha256(request)));
  };
  const std::set<std::string> proofs = {
      hex(1, "server", 2, 3, "request"), hex(9, "server", 2, 3, "request"),
      hex(1, "relay", 2, 3, "request"),  hex(1, "server", 9, 3, "request"),
      hex(1, "server", 2, 9, "request"), hex(1, "server", 2, 3, "another"),
      hex(1, "server", 3, 2, "request"), hex(1, "request", 2, 3, "server")};
  EXPECT_EQ(proofs.size(), 8U);
}

}  // namespace
}  // namespace tributary::proto
