#pragma once
// Secrets at rest: AES-256-GCM (NIST SP 800-38D). What is sealed under a key and a context opens
// under both or not at all.
//
// Format: nonce (12 random bytes) || ciphertext || tag (16 bytes). With random nonces one key may
// seal at most 2^32 times; whoever keeps the key counts.

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "aggregation/base/status.h"
#include "privacy/crypto/secret.h"

namespace tributary::privacy {

using SealKey = std::span<const std::byte, 32>;

inline constexpr size_t kMaxSealed = size_t{64} << 20;  // bytes of plain text
inline constexpr size_t kSealOverhead = 28;

// `context` (associated data, RFC 5116) is authenticated and not stored: say there what the secret
// is and whose, so that it cannot be put in another's place. RESOURCE_EXHAUSTED beyond kMaxSealed.
Result<std::string> Seal(SealKey key, std::string_view context, std::string_view plain);

// DATA_LOSS if it is too short or does not open; the two keys, contexts or bytes that differ cannot
// be told apart.
Result<Secret> Unseal(SealKey key, std::string_view context, std::string_view sealed);

}  // namespace tributary::privacy
