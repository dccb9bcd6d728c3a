#include "privacy/crypto/seal.h"

#include "privacy/crypto/openssl.h"
#include "privacy/crypto/random.h"

namespace tributary::privacy {
namespace {

constexpr size_t kNonce = 12;
constexpr size_t kTag = 16;
static_assert(kSealOverhead == kNonce + kTag);

using OwnedCipher = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;  // wipes the expanded key

// A cipher that knows key, nonce and context. The nonce of GCM is 12 bytes unless told otherwise.
OwnedCipher Start(SealKey key, std::string_view nonce, std::string_view context, int encrypt) {
  OwnedCipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  TRIBUTARY_CHECK(cipher &&
                      EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                                        reinterpret_cast<const unsigned char*>(key.data()),
                                        Raw(nonce), encrypt) == 1 &&
                      EVP_CipherUpdate(cipher.get(), nullptr, &size, Raw(context),
                                       static_cast<int>(context.size())) == 1,
                  "OpenSSL offers AES-256-GCM");
  return cipher;
}

bool Update(EVP_CIPHER_CTX* cipher, char* out, std::string_view in) {
  int size = 0;
  return in.empty() || (EVP_CipherUpdate(cipher, reinterpret_cast<unsigned char*>(out), &size,
                                         Raw(in), static_cast<int>(in.size())) == 1 &&
                        static_cast<size_t>(size) == in.size());
}

Status CheckSize(std::string_view what, size_t size, size_t most) {
  if (size <= most) return {};
  return MakeError(Code::kResourceExhausted, "{}: has {} bytes, expected at most {}", what, size,
                   most);
}

}  // namespace

Result<std::string> Seal(SealKey key, std::string_view context, std::string_view plain) {
  const ErrorScope errors;
  RETURN_IF_ERROR(CheckSize("context of a secret", context.size(), kMaxSealed));
  RETURN_IF_ERROR(CheckSize("secret", plain.size(), kMaxSealed));
  std::string sealed(kNonce + plain.size() + kTag, '\0');
  SecureRandomBytes(std::as_writable_bytes(std::span(sealed).first(kNonce)));
  const OwnedCipher cipher =
      Start(key, std::string_view(sealed).substr(0, kNonce), context, /*encrypt=*/1);
  unsigned char nothing[16];
  int rest = 0;
  TRIBUTARY_CHECK(Update(cipher.get(), sealed.data() + kNonce, plain) &&
                      EVP_CipherFinal_ex(cipher.get(), nothing, &rest) == 1 && rest == 0 &&
                      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTag,
                                          sealed.data() + sealed.size() - kTag) == 1,
                  "AES-256-GCM seals");
  return sealed;
}

Result<Secret> Unseal(SealKey key, std::string_view context, std::string_view sealed) {
  const ErrorScope errors;
  RETURN_IF_ERROR(CheckSize("context of a secret", context.size(), kMaxSealed));
  RETURN_IF_ERROR(CheckSize("sealed secret", sealed.size(), kMaxSealed + kSealOverhead));
  if (sealed.size() < kSealOverhead)
    return MakeError(Code::kDataLoss, "sealed secret: has {} bytes, expected at least {}",
                     sealed.size(), kSealOverhead);
  std::string tag(sealed.substr(sealed.size() - kTag));
  const std::string_view hidden = sealed.substr(kNonce, sealed.size() - kSealOverhead);
  Secret plain(hidden.size());
  const OwnedCipher cipher = Start(key, sealed.substr(0, kNonce), context, /*encrypt=*/0);
  unsigned char nothing[16];
  int rest = 0;
  if (!Update(cipher.get(), reinterpret_cast<char*>(plain.bytes().data()), hidden) ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTag, tag.data()) != 1 ||
      EVP_CipherFinal_ex(cipher.get(), nothing, &rest) != 1)
    return MakeError(Code::kDataLoss,
                     "sealed secret: does not open: key, context or bytes are not those it was "
                     "sealed with");
  return plain;
}

}  // namespace tributary::privacy
