#include "privacy/crypto/authority.h"

#include "aggregation/base/utc.h"
#include "privacy/crypto/certificate_writer.h"
#include "privacy/crypto/host.h"
#include "privacy/crypto/openssl.h"

namespace tributary::privacy {
namespace {

constexpr int64_t kLastSecond = 253402300799;  // of the year 9999, the last that ASN.1 can say

Status CheckTimes(int64_t not_before, int64_t seconds, const Certificate* issuer) {
  if (not_before < 0 || seconds <= 0 || seconds > kLastSecond - not_before)
    return InvalidArgument(
        "certificate: valid for {} s from Unix time {}, expected a time from 1970 "
        "to 9999",
        seconds, not_before);
  if (issuer && not_before + seconds > issuer->not_after)
    return MakeError(Code::kFailedPrecondition,
                     "certificate: would be valid until {}, its authority {} only until {}",
                     Utc(not_before + seconds), issuer->Name(), Utc(issuer->not_after));
  return {};
}

Status CheckProfile(const LeafProfile& profile, const Certificate& issuer) {
  RETURN_IF_ERROR(CheckIdentity(profile.identity));
  RETURN_IF_ERROR(CheckTimes(profile.not_before, profile.seconds, &issuer));
  const size_t names = profile.dns_names.size() + profile.ip_addresses.size();
  if (profile.purpose == Purpose::kClient && names > 0)
    return InvalidArgument("certificate of a client: has {} host names, expected none", names);
  if (names >= kMaxNames)
    return InvalidArgument("certificate: has {} host names, expected fewer than {}", names,
                           kMaxNames);
  for (const std::string& name : profile.dns_names)
    if (!IsHostName(name)) return InvalidArgument("certificate: \"{}\" is no host name", name);
  for (const std::string& address : profile.ip_addresses)
    if (!IsIpAddress(address))
      return InvalidArgument("certificate: \"{}\" is no IP address", address);
  if (issuer.uris != std::vector{ProjectUri(profile.identity.project)})
    return MakeError(Code::kPermissionDenied,
                     "certificate: {} cannot be issued by the authority {}", profile.identity.Uri(),
                     issuer.Name());
  return {};
}

void AddAuthorityUse(CertificateWriter& writer, const char* constraints) {
  writer.Add(NID_basic_constraints, constraints);
  writer.Add(NID_key_usage, "critical,keyCertSign,cRLSign");
}

}  // namespace

Result<Authority> JoinAuthority(EcKey key, Certificate certificate) {
  if (!certificate.is_ca)
    return MakeError(Code::kFailedPrecondition, "certificate {}: is not an authority's",
                     certificate.Name());
  if (certificate.spki != key.spki())
    return MakeError(Code::kFailedPrecondition,
                     "certificate {}: is for the key {}, found the key {}", certificate.Name(),
                     certificate.spki.Hex(), key.spki().Hex());
  return Authority{std::move(key), std::move(certificate)};
}

Result<Authority> MakeRoot(std::string_view project, int64_t not_before) {
  const ErrorScope errors;
  RETURN_IF_ERROR(CheckName("project", project));
  RETURN_IF_ERROR(CheckTimes(not_before, kRootSeconds, nullptr));
  EcKey key = EcKey::Generate(Curve::kP384);
  CertificateWriter writer(key.handle(), not_before, kRootSeconds);
  writer.SetSubject(project, "Tributary root");
  AddAuthorityUse(writer, "critical,CA:TRUE");
  ASSIGN_OR_RETURN(Certificate certificate, CertificateFromDer(writer.Sign(key, nullptr)));
  return Authority{std::move(key), std::move(certificate)};
}

Result<Authority> MakeIssuer(const Authority& root, std::string_view project, int64_t not_before) {
  const ErrorScope errors;
  RETURN_IF_ERROR(CheckName("project", project));
  if (!root.certificate.is_ca || root.certificate.path_length == 0)
    return MakeError(Code::kFailedPrecondition, "certificate {}: may not certify authorities",
                     root.certificate.Name());
  RETURN_IF_ERROR(CheckTimes(not_before, kIssuerSeconds, &root.certificate));
  EcKey key = EcKey::Generate(Curve::kP256);
  CertificateWriter writer(key.handle(), not_before, kIssuerSeconds);
  writer.SetSubject(project, "Tributary issuing authority");
  writer.NameUri(ProjectUri(project));
  AddAuthorityUse(writer, "critical,CA:TRUE,pathlen:0");
  ASSIGN_OR_RETURN(Certificate certificate,
                   CertificateFromDer(writer.Sign(root.key, &root.certificate)));
  return Authority{std::move(key), std::move(certificate)};
}

Result<Certificate> IssueLeaf(const Authority& issuer, const CertificateRequest& request,
                              const LeafProfile& profile) {
  const ErrorScope errors;
  RETURN_IF_ERROR(CheckProfile(profile, issuer.certificate));
  const auto key = FromDer<EVP_PKEY_free>(d2i_PUBKEY, request.public_key);
  TRIBUTARY_CHECK(key != nullptr, "a request's key was read before");
  CertificateWriter writer(key.get(), profile.not_before, profile.seconds);
  writer.Add(NID_basic_constraints, "critical,CA:FALSE");
  writer.Add(NID_key_usage, "critical,digitalSignature");
  writer.Add(NID_ext_key_usage, profile.purpose == Purpose::kClient ? "clientAuth" : "serverAuth");
  writer.NameUri(profile.identity.Uri());
  for (const std::string& name : profile.dns_names) writer.NameDns(name);
  for (const std::string& address : profile.ip_addresses) writer.NameAddress(address.c_str());
  writer.AddIdentity(request.identity);
  return CertificateFromDer(writer.Sign(issuer.key, &issuer.certificate));
}

}  // namespace tributary::privacy
