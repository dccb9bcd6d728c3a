#pragma once
// Handles, errors and bytes of OpenSSL, for the sources of this folder. No header that others
// include includes this one.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "aggregation/base/status.h"

namespace tributary::privacy {

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
template <typename T, auto kFree>
using Owned = std::unique_ptr<T, Freed<kFree>>;

using OwnedX509 = Owned<X509, X509_free>;

// Holds the thread's queue of OpenSSL errors empty before and after: what is left there would be
// taken by the next TLS connection on this thread for its own.
class ErrorScope {
 public:
  ErrorScope();
  ~ErrorScope();
  ErrorScope(const ErrorScope&) = delete;
};

// What OpenSSL last complained of within the scope, or "no reason given".
std::string LastError();

inline const unsigned char* Raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline std::string_view View(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

// The DER of an object that is whole, by OpenSSL's function for its type.
template <typename T>
std::string ToDer(int (*write)(const T*, unsigned char**), const T* object) {
  std::string der(static_cast<size_t>(std::max(write(object, nullptr), 0)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  TRIBUTARY_CHECK(!der.empty() && write(object, &at) == static_cast<int>(der.size()),
                  "OpenSSL writes what it holds");
  return der;
}

// The object that all of the bytes are the DER of, or null: FromDer<X509_free>(d2i_X509, bytes).
template <auto kFree, typename T>
Owned<T, kFree> FromDer(T* (*read)(T**, const unsigned char**, long), std::string_view der) {
  const unsigned char* at = Raw(der);
  Owned<T, kFree> object(read(nullptr, &at, static_cast<long>(der.size())));
  if (at != Raw(der) + der.size()) object.reset();
  return object;
}

}  // namespace tributary::privacy
