#pragma once
// Bytes as text that survives mail, shells and URLs, and the digits by which a slip is found.

#include <cstdint>
#include <string>
#include <string_view>

#include "aggregation/base/status.h"

namespace tributary::privacy {

// RFC 4648, section 5, without padding.
std::string ToBase64Url(std::string_view bytes);
// Strict: only the alphabet, no padding, no white space, no length that cannot be, no bits set that
// stand for nothing, so each text is the only one for its bytes. INVALID_ARGUMENT.
Result<std::string> FromBase64Url(std::string_view text);

// CRC-32 (ISO-HDLC: the one of gzip and PNG). Finds typing errors; protects against nobody.
uint32_t Crc32(std::string_view bytes);

}  // namespace tributary::privacy
