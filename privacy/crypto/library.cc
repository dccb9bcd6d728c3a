#include "privacy/crypto/library.h"

#include <openssl/crypto.h>

namespace tributary::privacy {

std::string LibraryVersion() { return OpenSSL_version(OPENSSL_VERSION); }

void BeginLibrary() { OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr); }

}  // namespace tributary::privacy
