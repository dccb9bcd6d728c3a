#include "privacy/crypto/stranger.h"

#include <openssl/pem.h>

#include "privacy/crypto/openssl.h"

namespace tributary::privacy {

std::string IssuerOfStranger(std::string_view pem) {
  constexpr size_t kMost = 200;
  const ErrorScope errors;
  const Owned<BIO, BIO_free_all> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const OwnedX509 x(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  if (x == nullptr) return {};
  const Owned<BIO, BIO_free_all> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_issuer_name(x.get()), 0, XN_FLAG_RFC2253);
  const char* data = nullptr;
  const auto size = static_cast<size_t>(BIO_get_mem_data(out.get(), &data));
  std::string name(data, std::min(size, kMost));
  for (char& c : name)
    if (c < ' ' || c > '~') c = '?';
  return name;
}

}  // namespace tributary::privacy
