#pragma once
// Extensions of our own (RFC 5280, 4.2): a number of the project's and an octet string. For the
// sources of this folder.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aggregation/base/status.h"

struct stack_st_X509_EXTENSION;
struct X509_extension_st;

namespace tributary::privacy {

struct FreeExtension {
  void operator()(X509_extension_st* extension) const;
};
using ExtensionHandle = std::unique_ptr<X509_extension_st, FreeExtension>;

// Not critical: others may read what they understand.
ExtensionHandle MakeExtension(const char* oid, std::string_view bytes);

// Nothing if there is none of this number (or no extensions at all). INVALID_ARGUMENT if there are
// several or if it is no octet string of `size` bytes.
Result<std::optional<std::string>> FindExtension(const stack_st_X509_EXTENSION* extensions,
                                                 const char* oid, size_t size);

}  // namespace tributary::privacy
