#pragma once

#include <string>

namespace tributary::privacy {

std::string LibraryVersion();  // "OpenSSL 3.0.17 1 Jul 2025", of the library that is loaded

// OpenSSL begins now, and ends at exit after what is made from here on: who has threads that use it
// calls this first.
void BeginLibrary();

}  // namespace tributary::privacy
