#include "privacy/crypto/identity_key.h"

#include <algorithm>

#include "privacy/crypto/openssl.h"
#include "privacy/crypto/private_key.h"

namespace tributary::privacy {
namespace {

using OwnedDigest = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using namespace std::string_view_literals;

// The encodings, without the sign bit, of the points whose order divides eight: y = 0, 1 and -1,
// two of order eight, and 0 and 1 once more with the prime added. A test proves each of them.
constexpr std::string_view kSmallOrder[] = {
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"sv,
    "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"sv,
    "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
    "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"sv,
    "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
    "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"sv,
    "\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv,
    "\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv,
    "\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv};

bool HasSmallOrder(IdentityPublicKey key) {
  key.back() &= 0x7f;
  const std::string_view bytes(reinterpret_cast<const char*>(key.data()), key.size());
  return std::find(std::begin(kSmallOrder), std::end(kSmallOrder), bytes) != std::end(kSmallOrder);
}

}  // namespace

IdentityKey IdentityKey::Generate() {
  const ErrorScope errors;
  auto key = FromHandle(KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")));
  TRIBUTARY_CHECK(key.has_value(), "OpenSSL makes Ed25519 keys");
  return *std::move(key);
}

Result<IdentityKey> IdentityKey::FromPem(std::string_view pem) {
  const ErrorScope errors;
  ASSIGN_OR_RETURN(KeyHandle key, ReadPrivateKey(pem));
  return FromHandle(std::move(key));
}

Result<IdentityKey> IdentityKey::FromHandle(KeyHandle key) {
  IdentityPublicKey half;
  size_t size = half.size();
  if (!key || !EVP_PKEY_is_a(key.get(), "ED25519") ||
      EVP_PKEY_get_raw_public_key(key.get(), half.data(), &size) != 1 || size != half.size()) {
    const char* type = key ? EVP_PKEY_get0_type_name(key.get()) : nullptr;
    return InvalidArgument("private key: is {}, expected Ed25519", type ? type : "unknown");
  }
  return IdentityKey(std::move(key), half);
}

Secret IdentityKey::Pem() const { return WritePrivateKey(key_.get()); }

IdentitySignature IdentityKey::Sign(std::string_view message) const {
  const ErrorScope errors;
  const OwnedDigest context(EVP_MD_CTX_new());
  IdentitySignature signature;
  size_t size = signature.size();
  TRIBUTARY_CHECK(
      context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
          EVP_DigestSign(context.get(), signature.data(), &size, Raw(message), message.size()) ==
              1 &&
          size == signature.size(),
      "an Ed25519 key signs");
  return signature;
}

std::string Hex(const IdentityPublicKey& key) {
  std::string hex;
  for (const unsigned char byte : key) hex += fmt::format("{:02x}", byte);
  return hex;
}

bool VerifyIdentity(const IdentityPublicKey& key, std::string_view message,
                    const IdentitySignature& signature) {
  const ErrorScope errors;
  const KeyHandle handle(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const OwnedDigest context(EVP_MD_CTX_new());
  return handle && context && !HasSmallOrder(key) &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), Raw(message),
                          message.size()) == 1;
}

}  // namespace tributary::privacy
