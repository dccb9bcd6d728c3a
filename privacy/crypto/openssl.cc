#include "privacy/crypto/openssl.h"

#include <openssl/err.h>

namespace tributary::privacy {

ErrorScope::ErrorScope() { ERR_clear_error(); }
ErrorScope::~ErrorScope() { ERR_clear_error(); }

std::string LastError() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason ? reason : "no reason given";
}

}  // namespace tributary::privacy
