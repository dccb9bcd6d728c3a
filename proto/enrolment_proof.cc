#include "proto/enrolment_proof.h"

#include <span>
#include <string>
#include <string_view>

namespace tributary::proto {
namespace {

void Append(std::string& to, std::span<const std::byte> bytes) {
  to.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

privacy::Mac EnrolmentProof(const std::array<std::byte, 32>& secret, const Digest& server_spki,
                            const EnrolmentNonce& server_nonce, const EnrolmentNonce& client_nonce,
                            const Digest& request) {
  std::string message = "TRIBJOIN1";
  Append(message, std::as_bytes(std::span(server_spki.bytes)));
  Append(message, server_nonce);
  Append(message, client_nonce);
  Append(message, std::as_bytes(std::span(request.bytes)));
  return privacy::HmacSha256(secret, std::as_bytes(std::span(message)));
}

}  // namespace tributary::proto
