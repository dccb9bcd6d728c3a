#pragma once
// How a client shows that it holds an invitation's secret without sending it, and to this server
// only: whoever relays the proof relays it to the key it was made for.

#include <array>
#include <cstddef>

#include "aggregation/base/digest.h"
#include "privacy/crypto/hmac.h"

namespace tributary::proto {

using EnrolmentNonce = std::array<std::byte, 32>;

// HMAC-SHA256 under the secret of "TRIBJOIN1" || server_spki || server_nonce || client_nonce ||
// request. `server_spki` is the SHA-256 of the key in the certificate that the client sees (the
// server: its own), `request` that of the certificate request's DER. Compare with ==.
privacy::Mac EnrolmentProof(const std::array<std::byte, 32>& secret, const Digest& server_spki,
                            const EnrolmentNonce& server_nonce, const EnrolmentNonce& client_nonce,
                            const Digest& request);

}  // namespace tributary::proto
