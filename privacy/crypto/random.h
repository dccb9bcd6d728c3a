#pragma once
// Random bytes for keys, nonces and serial numbers.

#include <cstddef>
#include <span>

namespace tributary::privacy {

// Bytes from the operating system's generator through OpenSSL's private one. If it fails the
// process stops: there is no safe way on. Any thread.
void SecureRandomBytes(std::span<std::byte> out);

}  // namespace tributary::privacy
