#include "privacy/crypto/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <optional>

#include "privacy/crypto/openssl.h"

namespace tributary::privacy {
namespace {

using OwnedBio = Owned<BIO, BIO_free_all>;

// Nothing at the end of the text.
Result<std::optional<Secret>> ReadBlock(BIO* bio, std::string_view expected) {
  char *name = nullptr, *header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio_ex(bio, &name, &header, &data, &size,
                      PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE) != 1) {
    if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) return std::nullopt;
    return InvalidArgument("holds a damaged PEM block: {}", LastError());
  }
  const std::string label = name;
  const bool has_headers = *header != '\0';
  Secret der = Secret::CopyOf(std::as_bytes(std::span(data, static_cast<size_t>(size))));
  OPENSSL_secure_free(name);
  OPENSSL_secure_free(header);
  OPENSSL_secure_clear_free(data, static_cast<size_t>(size));
  if (label != expected)
    return InvalidArgument("holds a PEM block \"{}\", expected \"{}\"", label, expected);
  if (has_headers) return InvalidArgument("holds a PEM block that is encrypted or has headers");
  return der;
}

}  // namespace

Result<std::vector<Secret>> ReadPem(std::string_view text, std::string_view label, size_t most) {
  const OwnedBio bio(
      BIO_new_mem_buf(text.empty() ? "" : text.data(), static_cast<int>(text.size())));
  TRIBUTARY_CHECK(bio != nullptr, "OpenSSL reads from memory");
  std::vector<Secret> blocks;
  for (;;) {
    ASSIGN_OR_RETURN(std::optional<Secret> block, ReadBlock(bio.get(), label));
    if (!block) break;
    if (blocks.size() == most)
      return InvalidArgument("holds more PEM blocks \"{}\" than {}", label, most);
    blocks.push_back(*std::move(block));
  }
  if (blocks.empty()) return InvalidArgument("holds no PEM block \"{}\"", label);
  return blocks;
}

Secret WritePem(const char* label, std::string_view der) {
  const OwnedBio bio(BIO_new(BIO_s_secmem()));
  TRIBUTARY_CHECK(
      bio && PEM_write_bio(bio.get(), label, "", Raw(der), static_cast<long>(der.size())) > 0,
      "OpenSSL writes PEM to memory");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return Secret::CopyOf(std::string_view(text, static_cast<size_t>(size)));
}

}  // namespace tributary::privacy
