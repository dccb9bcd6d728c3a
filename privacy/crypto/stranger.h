#pragma once
// Certificates that are nobody's here: what to tell people about them.

#include <string>
#include <string_view>

namespace tributary::privacy {

// Who issued the first certificate of a PEM text, whatever its kind: the issuer's name (RFC 2253),
// printable ASCII, at most 200 bytes; empty where there is none to be read. Nothing is verified.
std::string IssuerOfStranger(std::string_view pem);

}  // namespace tributary::privacy
