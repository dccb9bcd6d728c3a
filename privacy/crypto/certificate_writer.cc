#include "privacy/crypto/certificate_writer.h"

#include <array>

#include "privacy/crypto/extension.h"
#include "privacy/crypto/openssl.h"
#include "privacy/crypto/public_key.h"
#include "privacy/crypto/random.h"

namespace tributary::privacy {
namespace {

constexpr const char* kWrites = "OpenSSL writes a certificate";

using OwnedNumber = Owned<BIGNUM, BN_free>;

void AddExtension(X509* to, X509* issuer, int nid, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const ExtensionHandle extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  TRIBUTARY_CHECK(extension && X509_add_ext(to, extension.get(), -1) == 1, kWrites);
}

void AddText(X509_NAME* name, const char* field, std::string_view text) {
  TRIBUTARY_CHECK(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, Raw(text),
                                             static_cast<int>(text.size()), -1, 0) == 1,
                  kWrites);
}

}  // namespace

CertificateWriter::CertificateWriter(EVP_PKEY* subject_key, int64_t not_before, int64_t seconds)
    : certificate_(X509_new()), names_(sk_GENERAL_NAME_new_null()) {
  std::array<std::byte, 16> random;
  SecureRandomBytes(random);
  const OwnedNumber serial(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(random.data()), random.size(), nullptr));
  TRIBUTARY_CHECK(certificate_ && names_ && serial &&
                      BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate_)) &&
                      X509_set_version(certificate_, X509_VERSION_3) == 1 &&
                      ASN1_TIME_set(X509_getm_notBefore(certificate_), not_before) &&
                      ASN1_TIME_set(X509_getm_notAfter(certificate_), not_before + seconds) &&
                      X509_set_pubkey(certificate_, subject_key) == 1,
                  kWrites);
  AddExtension(certificate_, nullptr, NID_subject_key_identifier, "hash");
}

CertificateWriter::~CertificateWriter() {
  X509_free(certificate_);
  GENERAL_NAMES_free(names_);
}

void CertificateWriter::SetSubject(std::string_view organization, std::string_view common_name) {
  AddText(X509_get_subject_name(certificate_), "O", organization);
  AddText(X509_get_subject_name(certificate_), "CN", common_name);
}

void CertificateWriter::Add(int nid, const char* value) {
  AddExtension(certificate_, nullptr, nid, value);
}

void CertificateWriter::AddIdentity(const IdentityPublicKey& key) {
  const ExtensionHandle extension =
      MakeExtension(kIdentityKeyOid, {reinterpret_cast<const char*>(key.data()), key.size()});
  TRIBUTARY_CHECK(X509_add_ext(certificate_, extension.get(), -1) == 1, kWrites);
}

void CertificateWriter::NameUri(std::string_view uri) { Name(GEN_URI, uri); }
void CertificateWriter::NameDns(std::string_view name) { Name(GEN_DNS, name); }

void CertificateWriter::Name(int type, std::string_view text) {
  GENERAL_NAME* const name = GENERAL_NAME_new();
  ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
  TRIBUTARY_CHECK(
      name && value && ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1,
      kWrites);
  GENERAL_NAME_set0_value(name, type, value);
  TRIBUTARY_CHECK(sk_GENERAL_NAME_push(names_, name), kWrites);
}

void CertificateWriter::NameAddress(const char* address) {
  GENERAL_NAME* const name = GENERAL_NAME_new();
  ASN1_OCTET_STRING* const value = a2i_IPADDRESS(address);
  TRIBUTARY_CHECK(name && value, kWrites);
  GENERAL_NAME_set0_value(name, GEN_IPADD, value);
  TRIBUTARY_CHECK(sk_GENERAL_NAME_push(names_, name), kWrites);
}

std::string CertificateWriter::Sign(const EcKey& key, const Certificate* issuer) {
  const OwnedX509 above = issuer ? FromDer<X509_free>(d2i_X509, issuer->der) : nullptr;
  TRIBUTARY_CHECK(!issuer || above, "the issuer's certificate was read before");
  X509* const signer = issuer ? above.get() : certificate_;
  // Without a subject the names are the only name, and must be understood (RFC 5280, 4.2.1.6).
  const bool critical = X509_NAME_entry_count(X509_get_subject_name(certificate_)) == 0;
  TRIBUTARY_CHECK(sk_GENERAL_NAME_num(names_) == 0 ||
                      X509_add1_ext_i2d(certificate_, NID_subject_alt_name, names_, critical,
                                        X509V3_ADD_DEFAULT) == 1,
                  kWrites);
  if (issuer) AddExtension(certificate_, signer, NID_authority_key_identifier, "keyid:always");
  TRIBUTARY_CHECK(X509_set_issuer_name(certificate_, X509_get_subject_name(signer)) == 1 &&
                      X509_sign(certificate_, key.handle(), SignatureDigest(key.curve())) > 0,
                  kWrites);
  return ToDer(i2d_X509, static_cast<const X509*>(certificate_));
}

}  // namespace tributary::privacy
