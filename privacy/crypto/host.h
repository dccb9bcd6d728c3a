#pragma once
// Where a server is found: the host of an address, and of a certificate's names.

#include <string>
#include <string_view>

namespace tributary::privacy {

// A literal IPv4 or IPv6 address as inet_pton reads it, without brackets or zone.
bool IsIpAddress(const std::string& text);

// A host name (RFC 1123): at most 253 bytes, labels of 1 to 63 letters, digits, '-' and '_' that
// neither begin nor end with '-'. No wildcard, no final dot, no address.
bool IsHostName(std::string_view text);

}  // namespace tributary::privacy
