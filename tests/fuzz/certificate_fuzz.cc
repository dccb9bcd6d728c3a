// The readers of certificates, requests and private keys on any bytes: they refuse them, or give
// what is read again as the same. A certificate that was read is then verified against itself and
// what came with it.

#include <cstdint>
#include <string>

#include "privacy/crypto/request.h"
#include "privacy/crypto/verify.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using namespace tributary;
using namespace tributary::privacy;

template <typename T>
bool Accepted(const Result<T>& result) {
  TRIBUTARY_CHECK(result || result.error().code == Code::kInvalidArgument,
                  "hostile bytes are bad input");
  return result.has_value();
}

void CheckAgain(const Certificate& certificate) {
  const auto again = CertificateFromPem(certificate.Pem());
  TRIBUTARY_CHECK(again && again->der == certificate.der && again->uris == certificate.uris &&
                      again->fingerprint == certificate.fingerprint,
                  "what was written is read as the same");
  TRIBUTARY_CHECK(
      certificate.uris.size() + certificate.dns_names.size() + certificate.ip_addresses.size() <=
          kMaxNames,
      "names are few");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto certificate = CertificateFromDer(bytes); Accepted(certificate))
    CheckAgain(*certificate);
  if (const auto request = ParseRequest(bytes); Accepted(request))
    TRIBUTARY_CHECK(Sha256(request->public_key) == request->spki, "a digest is of its key");
  (void)Accepted(EcKey::FromPem(bytes));
  const auto all = CertificatesFromPem(bytes);
  if (!Accepted(all)) return 0;
  const Certificate& leaf = all->front();
  for (const Certificate& certificate : *all) CheckAgain(certificate);
  for (const Purpose purpose : {Purpose::kClient, Purpose::kServer}) {
    const PeerExpectation expected{"alpha", purpose, leaf.not_before};
    const auto peer = VerifyPeer(leaf, *all, *all, expected);
    TRIBUTARY_CHECK(!peer || peer->project == "alpha", "a peer is of the project");
    (void)VerifyPinnedPeer(leaf, *all, all->back().spki, expected);
  }
  return 0;
}
