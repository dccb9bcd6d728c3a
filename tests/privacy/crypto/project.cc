#include "tests/privacy/crypto/project.h"

#include <openssl/obj_mac.h>

namespace tributary::privacy {
namespace {

// A value that the test is not about.
template <typename T>
T Made(Result<T> result) {
  TRIBUTARY_CHECK(result.has_value(), result.error().message);
  return *std::move(result);
}

}  // namespace

Project MakeProject(std::string_view name) {
  Authority root = Made(MakeRoot(name, kNow - kDay));
  Authority issuer = Made(MakeIssuer(root, name, kNow - kDay));
  return {std::move(root), std::move(issuer)};
}

LeafProfile ClientProfile() {
  return {.identity = {"alpha", "client", "site-1"},
          .purpose = Purpose::kClient,
          .not_before = kNow - 3600,
          .seconds = 3600 + 30 * kDay};
}

LeafProfile ServerProfile() {
  LeafProfile profile = ClientProfile();
  profile.identity = {"alpha", "coordinator", "main"};
  profile.purpose = Purpose::kServer;
  profile.dns_names = {"localhost"};
  return profile;
}

Certificate MakeLeaf(const Authority& issuer, const LeafProfile& profile) {
  const std::string request = MakeRequest(EcKey::Generate(Curve::kP256), IdentityKey::Generate());
  return Made(IssueLeaf(issuer, Made(ParseRequest(request)), profile));
}

std::string Forge(const Authority& issuer, const std::function<void(CertificateWriter&)>& fill) {
  const EcKey key = EcKey::Generate(Curve::kP256);
  CertificateWriter writer(key.handle(), kNow - 3600, 3600 + 30 * kDay);
  fill(writer);
  return writer.Sign(issuer.key, &issuer.certificate);
}

void AddLeafUse(CertificateWriter& writer, const char* usage) {
  writer.Add(NID_basic_constraints, "critical,CA:FALSE");
  writer.Add(NID_key_usage, "critical,digitalSignature");
  writer.Add(NID_ext_key_usage, usage);
}

Authority MakeAuthority(const Authority& above, const char* constraints, std::string_view project) {
  EcKey key = EcKey::Generate(Curve::kP256);
  CertificateWriter writer(key.handle(), kNow - kDay, 300 * kDay);
  writer.SetSubject(project, "An authority");
  writer.NameUri(ProjectUri(project));
  writer.Add(NID_basic_constraints, constraints);
  writer.Add(NID_key_usage, "critical,keyCertSign");
  Certificate certificate = Made(CertificateFromDer(writer.Sign(above.key, &above.certificate)));
  return {std::move(key), std::move(certificate)};
}

}  // namespace tributary::privacy
