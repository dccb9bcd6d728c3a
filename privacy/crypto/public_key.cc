#include "privacy/crypto/public_key.h"

#include "privacy/crypto/openssl.h"

namespace tributary::privacy {
namespace {

using namespace std::string_view_literals;

// All of the encoding but the coordinates: sequence, algorithm, curve, bit string, uncompressed.
constexpr auto kP256Start =
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
    "\x03\x42\x00\x04"sv;
constexpr auto kP384Start =
    "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00"
    "\x04"sv;

bool Is(std::string_view der, std::string_view start, size_t coordinates) {
  return der.size() == start.size() + coordinates && der.substr(0, start.size()) == start;
}

}  // namespace

Result<PublicKey> ReadPublicKey(const EVP_PKEY* key) {
  if (!key) return InvalidArgument("public key cannot be read: {}", LastError());
  PublicKey found;
  if (EVP_PKEY_is_a(key, "EC")) found.der = ToDer(i2d_PUBKEY, key);
  if (Is(found.der, kP256Start, 64)) {
    found.curve = Curve::kP256;
  } else if (Is(found.der, kP384Start, 96)) {
    found.curve = Curve::kP384;
  } else {
    const char* type = EVP_PKEY_get0_type_name(key);
    return InvalidArgument(
        "public key is {} of {} bits, expected EC on the named curve P-256 or P-384, uncompressed",
        type ? type : "of an unknown type", EVP_PKEY_get_bits(key));
  }
  return found;
}

const EVP_MD* SignatureDigest(Curve curve) {
  return curve == Curve::kP256 ? EVP_sha256() : EVP_sha384();
}

}  // namespace tributary::privacy
