#include "privacy/crypto/extension.h"

#include "privacy/crypto/openssl.h"

namespace tributary::privacy {
namespace {

using OwnedObject = Owned<ASN1_OBJECT, ASN1_OBJECT_free>;
using OwnedOctets = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;

OwnedObject Number(const char* oid) {
  OwnedObject object(OBJ_txt2obj(oid, /*no_name=*/1));
  TRIBUTARY_CHECK(object != nullptr, "a number of ours is an object identifier");
  return object;
}

OwnedOctets Octets(std::string_view bytes) {
  OwnedOctets octets(ASN1_OCTET_STRING_new());
  TRIBUTARY_CHECK(octets && ASN1_OCTET_STRING_set(octets.get(), Raw(bytes),
                                                  static_cast<int>(bytes.size())) == 1,
                  "OpenSSL holds octets");
  return octets;
}

}  // namespace

void FreeExtension::operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }

ExtensionHandle MakeExtension(const char* oid, std::string_view bytes) {
  const OwnedOctets value = Octets(ToDer(i2d_ASN1_OCTET_STRING, Octets(bytes).get()));
  ExtensionHandle extension(
      X509_EXTENSION_create_by_OBJ(nullptr, Number(oid).get(), /*crit=*/0, value.get()));
  TRIBUTARY_CHECK(extension != nullptr, "OpenSSL makes an extension");
  return extension;
}

Result<std::optional<std::string>> FindExtension(const STACK_OF(X509_EXTENSION) * extensions,
                                                 const char* oid, size_t size) {
  const OwnedObject number = Number(oid);
  const int at = X509v3_get_ext_by_OBJ(extensions, number.get(), -1);
  if (at < 0) return std::nullopt;
  if (X509v3_get_ext_by_OBJ(extensions, number.get(), at) >= 0)
    return InvalidArgument("extension {} is there more than once", oid);
  const auto value = FromDer<ASN1_OCTET_STRING_free>(
      d2i_ASN1_OCTET_STRING, View(X509_EXTENSION_get_data(X509v3_get_ext(extensions, at))));
  if (!value || View(value.get()).size() != size)
    return InvalidArgument("extension {} is no octet string of {} bytes", oid, size);
  return std::string(View(value.get()));
}

}  // namespace tributary::privacy
