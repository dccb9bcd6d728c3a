#pragma once
// Private keys as PKCS#8 (RFC 5208) in PEM, whatever their type. For the sources of this folder.

#include <string_view>

#include "privacy/crypto/ec_key.h"

namespace tributary::privacy {

// Within an ErrorScope of the caller. INVALID_ARGUMENT shows nothing of the text.
Result<KeyHandle> ReadPrivateKey(std::string_view pem);
Secret WritePrivateKey(const evp_pkey_st* key);

}  // namespace tributary::privacy
