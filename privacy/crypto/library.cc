#include "privacy/crypto/library.h"

#include <openssl/crypto.h>

namespace tributary::privacy {

std::string LibraryVersion() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace tributary::privacy
