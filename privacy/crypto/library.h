#pragma once

#include <string>

namespace tributary::privacy {

std::string LibraryVersion();  // "OpenSSL 3.0.17 1 Jul 2025", of the library that is loaded

}  // namespace tributary::privacy
