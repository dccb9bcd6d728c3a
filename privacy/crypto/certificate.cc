#include "privacy/crypto/certificate.h"

#include <arpa/inet.h>

#include <algorithm>
#include <ctime>

#include "privacy/crypto/extension.h"
#include "privacy/crypto/openssl.h"
#include "privacy/crypto/pem.h"
#include "privacy/crypto/public_key.h"

namespace tributary::privacy {
namespace {

constexpr const char* kLabel = "CERTIFICATE";
constexpr int kMaxSerial = 20;
constexpr size_t kMaxNameSize = 255;

using OwnedNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using OwnedUsages = Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;

Result<std::string> ReadSerial(const X509* x) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(x);
  const std::string_view bytes = View(serial);
  if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || bytes.size() > kMaxSerial ||
      bytes.find_first_not_of('\0') == bytes.npos)
    return InvalidArgument("serial number is not positive or has more than {} bytes", kMaxSerial);
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

Result<int64_t> ReadTime(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return InvalidArgument("holds a time that is none");
  return int64_t{timegm(&parts)};
}

// Whatever its kind, a name that is kept must show as what it is.
Result<std::string> ReadText(const ASN1_STRING* text) {
  const std::string_view bytes = View(text);
  const auto bad = [](char c) { return c <= ' ' || c > '~'; };
  if (bytes.empty() || bytes.size() > kMaxNameSize || std::any_of(bytes.begin(), bytes.end(), bad))
    return InvalidArgument("holds a name of {} bytes, expected 1 to {} of printable ASCII",
                           bytes.size(), kMaxNameSize);
  return std::string(bytes);
}

Result<std::string> ReadAddress(const ASN1_OCTET_STRING* address) {
  const std::string_view bytes = View(address);
  char text[INET6_ADDRSTRLEN] = {};
  if (bytes.size() != 4 && bytes.size() != 16)
    return InvalidArgument("an IP address has {} bytes, expected 4 or 16", bytes.size());
  TRIBUTARY_CHECK(
      inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text),
      "an IP address can be written");
  return std::string(text);
}

// Names of other kinds (mail, directory) mean nothing to us and are left out.
Status ReadName(const GENERAL_NAME* name, Certificate& to) {
  switch (name->type) {
    case GEN_URI: {
      ASSIGN_OR_RETURN(to.uris.emplace_back(), ReadText(name->d.uniformResourceIdentifier));
      break;
    }
    case GEN_DNS: {
      ASSIGN_OR_RETURN(to.dns_names.emplace_back(), ReadText(name->d.dNSName));
      break;
    }
    case GEN_IPADD: {
      ASSIGN_OR_RETURN(to.ip_addresses.emplace_back(), ReadAddress(name->d.iPAddress));
      break;
    }
  }
  return {};
}

// The extension of this kind, null if there is none. That it is well formed and there once was
// checked by OpenSSL's flags.
template <typename T>
T* Extension(const X509* x, int nid) {
  return static_cast<T*>(X509_get_ext_d2i(x, nid, nullptr, nullptr));
}

Status ReadNames(const X509* x, Certificate& to) {
  const OwnedNames names(Extension<GENERAL_NAMES>(x, NID_subject_alt_name));
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  if (count > static_cast<int>(kMaxNames))
    return InvalidArgument("holds {} names, expected at most {}", count, kMaxNames);
  for (int i = 0; i < count; ++i)
    RETURN_IF_ERROR(ReadName(sk_GENERAL_NAME_value(names.get(), i), to));
  return {};
}

Status ReadUse(X509* x, Certificate& to) {
  if (X509_get_version(x) != X509_VERSION_3)
    return InvalidArgument("is of version {}, expected 3", X509_get_version(x) + 1);
  if (X509_get_extension_flags(x) & EXFLAG_INVALID)
    return InvalidArgument("holds an extension that is malformed or there twice");
  to.is_ca = X509_get_extension_flags(x) & EXFLAG_CA;
  if (const long length = X509_get_pathlen(x); length >= 0) to.path_length = length;
  const OwnedUsages usages(Extension<EXTENDED_KEY_USAGE>(x, NID_ext_key_usage));
  for (int i = 0; usages && i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    const int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages.get(), i));
    to.client_auth |= nid == NID_client_auth;
    to.server_auth |= nid == NID_server_auth;
  }
  return {};
}

Status ReadIdentity(const X509* x, Certificate& to) {
  ASSIGN_OR_RETURN(const auto bytes, FindExtension(X509_get0_extensions(x), kIdentityKeyOid,
                                                   std::tuple_size_v<IdentityPublicKey>));
  if (bytes) std::copy(bytes->begin(), bytes->end(), to.identity.emplace().begin());
  return {};
}

Result<Certificate> Read(std::string_view der) {
  const OwnedX509 x = FromDer<X509_free>(d2i_X509, der);
  if (!x) return InvalidArgument("{} bytes are no X.509 certificate: {}", der.size(), LastError());
  if (ToDer(i2d_X509, static_cast<const X509*>(x.get())) != der)
    return InvalidArgument("{} bytes are not the DER of their certificate", der.size());
  Certificate certificate{.der = std::string(der), .fingerprint = Sha256(der)};
  ASSIGN_OR_RETURN(const PublicKey key, ReadPublicKey(X509_get0_pubkey(x.get())));
  certificate.curve = key.curve;
  certificate.spki = Sha256(key.der);
  RETURN_IF_ERROR(ReadUse(x.get(), certificate));
  ASSIGN_OR_RETURN(certificate.serial, ReadSerial(x.get()));
  ASSIGN_OR_RETURN(certificate.not_before, ReadTime(X509_get0_notBefore(x.get())));
  ASSIGN_OR_RETURN(certificate.not_after, ReadTime(X509_get0_notAfter(x.get())));
  RETURN_IF_ERROR(ReadNames(x.get(), certificate));
  RETURN_IF_ERROR(ReadIdentity(x.get(), certificate));
  return certificate;
}

Status CheckSize(std::string_view text) {
  if (text.size() <= kMaxCertificateText) return {};
  return InvalidArgument("has {} bytes, expected at most {}", text.size(), kMaxCertificateText);
}

Result<std::vector<Certificate>> ReadAll(std::string_view pem, size_t most) {
  RETURN_IF_ERROR(CheckSize(pem));
  ASSIGN_OR_RETURN(const auto blocks, ReadPem(pem, kLabel, most));
  std::vector<Certificate> certificates;
  for (const Secret& block : blocks) {
    ASSIGN_OR_RETURN(certificates.emplace_back(), Read(block.text()));
  }
  return certificates;
}

template <typename T>
Result<T> Named(Result<T> result, std::string_view what) {
  if (!result) return Annotate(std::move(result).error(), what);
  return result;
}

}  // namespace

Result<Certificate> CertificateFromDer(std::string_view der) {
  const ErrorScope errors;
  const Status size = CheckSize(der);
  if (!size) return Annotate(size.error(), "certificate");
  return Named(Read(der), "certificate");
}

Result<Certificate> CertificateFromPem(std::string_view pem) {
  const ErrorScope errors;
  ASSIGN_OR_RETURN(std::vector<Certificate> all, Named(ReadAll(pem, 1), "certificate"));
  return std::move(all.front());
}

Result<std::vector<Certificate>> CertificatesFromPem(std::string_view pem) {
  const ErrorScope errors;
  return Named(ReadAll(pem, kMaxBundle), "certificates");
}

std::string Certificate::Pem() const {
  const ErrorScope errors;
  return std::string(WritePem(kLabel, der).text());
}

std::string Certificate::Name() const {
  return uris.empty() ? "serial number " + serial : uris.front();
}

}  // namespace tributary::privacy
