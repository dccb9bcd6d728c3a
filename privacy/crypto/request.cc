#include "privacy/crypto/request.h"

#include <algorithm>

#include "privacy/crypto/certificate.h"
#include "privacy/crypto/extension.h"
#include "privacy/crypto/openssl.h"
#include "privacy/crypto/pem.h"
#include "privacy/crypto/public_key.h"

namespace tributary::privacy {
namespace {

constexpr char kLabel[] = "CERTIFICATE REQUEST";

using OwnedRequest = Owned<X509_REQ, X509_REQ_free>;

struct FreeExtensions {
  void operator()(STACK_OF(X509_EXTENSION) * extensions) const {
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
};
using OwnedExtensions = std::unique_ptr<STACK_OF(X509_EXTENSION), FreeExtensions>;

std::string ProofMessage(std::string_view public_key) {
  return fmt::format("tributary certificate request 1\n{}", public_key);
}

template <size_t kSize>
std::string_view Characters(const std::array<unsigned char, kSize>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), kSize};
}

template <size_t kSize>
Status Take(const STACK_OF(X509_EXTENSION) * extensions, const char* oid, std::string_view what,
            std::array<unsigned char, kSize>& to) {
  ASSIGN_OR_RETURN(const auto bytes, FindExtension(extensions, oid, kSize));
  if (!bytes) return InvalidArgument("holds no {} (extension {})", what, oid);
  std::copy(bytes->begin(), bytes->end(), to.begin());
  return {};
}

Result<CertificateRequest> Read(std::string_view der) {
  if (der.size() > kMaxRequest)
    return InvalidArgument("has {} bytes, expected at most {}", der.size(), kMaxRequest);
  const OwnedRequest x = FromDer<X509_REQ_free>(d2i_X509_REQ, der);
  if (!x) return InvalidArgument("{} bytes are no PKCS#10: {}", der.size(), LastError());
  if (ToDer(i2d_X509_REQ, static_cast<const X509_REQ*>(x.get())) != der)
    return InvalidArgument("{} bytes are not the DER of their request", der.size());
  ASSIGN_OR_RETURN(PublicKey key, ReadPublicKey(X509_REQ_get0_pubkey(x.get())));
  if (X509_REQ_verify(x.get(), X509_REQ_get0_pubkey(x.get())) != 1)
    return InvalidArgument("is not signed by the TLS key that it holds: {}", LastError());
  CertificateRequest request{.spki = Sha256(key.der), .digest = Sha256(der)};
  const OwnedExtensions extensions(X509_REQ_get_extensions(x.get()));
  IdentitySignature proof;
  RETURN_IF_ERROR(Take(extensions.get(), kIdentityKeyOid, "identity key", request.identity));
  RETURN_IF_ERROR(Take(extensions.get(), kIdentityProofOid, "proof of the identity key", proof));
  if (!VerifyIdentity(request.identity, ProofMessage(key.der), proof))
    return InvalidArgument("is not signed by the identity key that it holds");
  request.public_key = std::move(key.der);
  return request;
}

}  // namespace

std::string MakeRequest(const EcKey& key, const IdentityKey& identity) {
  const ErrorScope errors;
  const IdentitySignature proof =
      identity.Sign(ProofMessage(ToDer(i2d_PUBKEY, static_cast<const EVP_PKEY*>(key.handle()))));
  const OwnedRequest x(X509_REQ_new());
  const OwnedExtensions extensions(sk_X509_EXTENSION_new_null());
  for (auto& extension : {MakeExtension(kIdentityKeyOid, Characters(identity.public_key())),
                          MakeExtension(kIdentityProofOid, Characters(proof))})
    TRIBUTARY_CHECK(sk_X509_EXTENSION_push(extensions.get(), X509_EXTENSION_dup(extension.get())),
                    "OpenSSL lists extensions");
  TRIBUTARY_CHECK(x && X509_REQ_set_version(x.get(), X509_REQ_VERSION_1) == 1 &&
                      X509_REQ_set_pubkey(x.get(), key.handle()) == 1 &&
                      X509_REQ_add_extensions(x.get(), extensions.get()) == 1 &&
                      X509_REQ_sign(x.get(), key.handle(), SignatureDigest(key.curve())) > 0,
                  "OpenSSL makes a request");
  return ToDer(i2d_X509_REQ, static_cast<const X509_REQ*>(x.get()));
}

Result<CertificateRequest> ParseRequest(std::string_view der) {
  const ErrorScope errors;
  auto request = Read(der);
  if (!request) return Annotate(std::move(request).error(), "certificate request");
  return request;
}

std::string RequestToPem(std::string_view der) { return std::string(WritePem(kLabel, der).text()); }

Result<std::string> RequestFromPem(std::string_view pem) {
  const ErrorScope errors;
  ASSIGN_OR_RETURN(const std::vector<Secret> blocks, ReadPem(pem, kLabel, 1));
  return std::string(blocks.front().text());
}

}  // namespace tributary::privacy
