#include "coordinator/identity/authority.h"

#include <algorithm>
#include <array>

#include "aggregation/base/file.h"
#include "privacy/crypto/credentials.h"
#include "privacy/crypto/host.h"
#include "privacy/crypto/private_file.h"
#include "privacy/crypto/random.h"

namespace tributary::identity {
namespace {

namespace fs = std::filesystem;
using privacy::Authority;
using privacy::Certificate;
using privacy::kDay;

constexpr int64_t kServerLife = 90 * kDay, kOtherLife = 30 * kDay;
constexpr int64_t kClockSlack = 300;  // a peer's clock may be behind by so much

Result<Authority> ReadAuthority(const fs::path& directory, const std::string& name) {
  ASSIGN_OR_RETURN(const privacy::Secret pem,
                   privacy::ReadPrivateFile(directory / (name + ".key")));
  auto key = privacy::EcKey::FromPem(pem.text());
  if (!key) return Annotate(key.error(), (directory / (name + ".key")).string());
  const fs::path file = directory / (name + ".pem");
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file, privacy::kMaxCertificateText));
  auto certificate = privacy::CertificateFromPem(text);
  if (!certificate) return Annotate(certificate.error(), file.string());
  auto authority = privacy::JoinAuthority(*std::move(key), *std::move(certificate));
  if (!authority) return Annotate(authority.error(), file.string());
  return authority;
}

Status WriteAuthority(const fs::path& directory, const std::string& name,
                      const Authority& authority) {
  const privacy::Secret pem = authority.key.Pem();
  RETURN_IF_ERROR(privacy::WritePrivateFile(directory / (name + ".key"), pem.text()));
  return WriteFile(directory / (name + ".pem"), authority.certificate.Pem());
}

bool Names(const Certificate& leaf, std::span<const std::string> hosts) {
  return std::all_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
    const auto& names = privacy::IsIpAddress(host) ? leaf.ip_addresses : leaf.dns_names;
    return std::find(names.begin(), names.end(), host) != names.end();
  });
}

}  // namespace

Status MakeAuthority(const fs::path& directory, std::string_view project, int64_t now) {
  RETURN_IF_ERROR(MakeDirectories(directory));
  std::error_code error;
  fs::permissions(directory, fs::perms::owner_all, error);
  const bool has_root = fs::exists(directory / "root.pem", error);
  if (!has_root) {
    ASSIGN_OR_RETURN(const Authority root, privacy::MakeRoot(project, now - kClockSlack));
    RETURN_IF_ERROR(WriteAuthority(directory, "root", root));
  }
  const auto old = ReadAuthority(directory, "issuer");
  if (!old || old->certificate.not_after <= now + 30 * kDay) {
    ASSIGN_OR_RETURN(const Authority root, ReadAuthority(directory, "root"));
    ASSIGN_OR_RETURN(const Authority issuer, privacy::MakeIssuer(root, project, now - kClockSlack));
    RETURN_IF_ERROR(WriteAuthority(directory, "issuer", issuer));
  }
  if (fs::exists(directory / "state.key", error)) return {};
  privacy::Secret key(32);
  privacy::SecureRandomBytes(key.bytes());
  return privacy::WritePrivateFile(directory / "state.key", key.text());
}

Result<Issuer> Issuer::Open(const fs::path& directory, std::string project) {
  ASSIGN_OR_RETURN(Authority authority, ReadAuthority(directory, "issuer"));
  ASSIGN_OR_RETURN(const std::string text,
                   ReadFile(directory / "root.pem", privacy::kMaxCertificateText));
  auto root = privacy::CertificateFromPem(text);
  if (!root) return Annotate(root.error(), (directory / "root.pem").string());
  ASSIGN_OR_RETURN(privacy::Secret key, privacy::ReadPrivateFile(directory / "state.key"));
  if (key.size() != 32)
    return MakeError(Code::kDataLoss, "{}: {} bytes, expected 32",
                     (directory / "state.key").string(), key.size());
  return Issuer(std::move(project), std::move(authority), *std::move(root), std::move(key));
}

privacy::SealKey Issuer::state_key() const {
  return privacy::SealKey(state_key_.bytes().data(), size_t{32});
}

Result<Issuer::Issued> Issuer::Issue(std::string_view request, const std::string& name,
                                     const std::string& role, std::span<const std::string> hosts,
                                     int64_t now) const {
  ASSIGN_OR_RETURN(const auto parsed, privacy::ParseRequest(request));
  const bool is_server = role == "coordinator";
  privacy::LeafProfile profile;
  profile.identity = {project_, role, name};
  profile.purpose = is_server ? privacy::Purpose::kServer : privacy::Purpose::kClient;
  profile.not_before = std::max(now - kClockSlack, authority_.certificate.not_before);
  profile.seconds = std::min(is_server ? kServerLife : kOtherLife,
                             authority_.certificate.not_after - profile.not_before);
  for (const std::string& host : hosts)
    (privacy::IsIpAddress(host) ? profile.ip_addresses : profile.dns_names).push_back(host);
  ASSIGN_OR_RETURN(Certificate leaf, privacy::IssueLeaf(authority_, parsed, profile));
  const std::array chain = {leaf, authority_.certificate, root_};
  return Issued{std::move(leaf), privacy::ToPem(chain)};
}

Status IssueHere(const Issuer& issuer, const fs::path& directory, const std::string& project,
                 const std::string& name, const std::string& role,
                 std::span<const std::string> hosts, int64_t now) {
  ASSIGN_OR_RETURN(const std::string request, privacy::PrepareRequest(directory));
  ASSIGN_OR_RETURN(const Issuer::Issued issued, issuer.Issue(request, name, role, hosts, now));
  const auto purpose =
      role == "coordinator" ? privacy::Purpose::kServer : privacy::Purpose::kClient;
  std::error_code error;
  const bool knows_roots = fs::exists(privacy::RootsFile(directory), error);
  RETURN_IF_ERROR(
      privacy::InstallChain(directory, issued.chain, {project, purpose, now},
                            knows_roots ? std::nullopt : std::optional(issuer.root().spki)));
  return {};
}

Status KeepCurrent(const Issuer& issuer, const fs::path& directory, const std::string& project,
                   std::span<const std::string> hosts, int64_t now) {
  const auto own = privacy::OpenCredentials(directory, privacy::Purpose::kServer, project, now);
  if (own) {
    const int64_t life = own->leaf.not_after - own->leaf.not_before;
    if (own->leaf.not_after - now > life / 3 && Names(own->leaf, hosts)) return {};
  } else if (own.error().code == Code::kFailedPrecondition) {
    return tl::unexpected(own.error());  // a key that others can read is not for us to replace
  }
  return IssueHere(issuer, directory, project, "coordinator", "coordinator", hosts, now);
}

}  // namespace tributary::identity
