#include "privacy/crypto/credentials.h"

#include <sys/stat.h>

#include "aggregation/base/file.h"
#include "privacy/crypto/private_file.h"
#include "privacy/crypto/request.h"

namespace tributary::privacy {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBeginCertificate = "-----BEGIN CERTIFICATE-----";

fs::path RequestKeyFile(const fs::path& directory) { return directory / "request.key"; }
fs::path RequestFile(const fs::path& directory) { return directory / "request.der"; }
fs::path IdentityFile(const fs::path& directory) { return directory / "identity.key"; }

bool Exists(const fs::path& file) {
  std::error_code error;
  return fs::exists(file, error);
}

Status MakePrivateDirectory(const fs::path& directory) {
  RETURN_IF_ERROR(MakeDirectories(directory));
  if (::chmod(directory.c_str(), 0700) != 0) return SystemError(directory, "set the mode of");
  return {};
}

template <typename Key>
Result<Key> ReadKey(const fs::path& file) {
  ASSIGN_OR_RETURN(const Secret text, ReadPrivateFile(file));
  auto key = Key::FromPem(text.text());
  if (!key) return Annotate(key.error(), file.string());
  return key;
}

template <typename Key>
Result<Key> ReadOrMakeKey(const fs::path& file, auto&& make) {
  if (Exists(file)) return ReadKey<Key>(file);
  Key key = make();
  RETURN_IF_ERROR(WritePrivateFile(file, key.Pem().text()));
  return key;
}

Status CheckKeys(const fs::path& directory, const Certificate& leaf, const EcKey& key) {
  ASSIGN_OR_RETURN(const IdentityKey identity, ReadKey<IdentityKey>(IdentityFile(directory)));
  if (leaf.spki != key.spki() || leaf.identity != identity.public_key())
    return MakeError(Code::kFailedPrecondition, "{}: certificate {} is for other keys than these",
                     directory.string(), leaf.Name());
  return {};
}

Result<Credentials> Verified(std::vector<Certificate> chain, std::vector<Certificate> roots,
                             PeerExpectation expected) {
  Credentials found{{}, chain.front(), {chain.begin() + 1, chain.end()}, std::move(roots)};
  if (expected.project.empty()) {
    if (found.leaf.uris.size() != 1)
      return MakeError(Code::kUnauthenticated, "certificate {}: names nobody", found.leaf.Name());
    ASSIGN_OR_RETURN(const PeerIdentity own, ParsePeerIdentity(found.leaf.uris.front()));
    expected.project = own.project;
  }
  ASSIGN_OR_RETURN(found.identity, VerifyPeer(found.leaf, found.given, found.roots, expected));
  return found;
}

Result<std::vector<Certificate>> ReadCertificates(const fs::path& file, std::string_view text) {
  auto found = CertificatesFromPem(text);
  if (!found) return Annotate(found.error(), file.string());
  return found;
}

}  // namespace

fs::path TlsFile(const fs::path& directory) { return directory / "tls.pem"; }
fs::path RootsFile(const fs::path& directory) { return directory / "roots.pem"; }

std::string CoordinatorOf(const fs::path& directory) {
  const auto text = ReadFile(directory / "coordinator", 1024);
  return text ? text->substr(0, text->find('\n')) : "";
}
Status KeepCoordinator(const fs::path& directory, std::string_view address) {
  return WriteFile(directory / "coordinator", std::string(address) + "\n");
}

bool HasCredentials(const fs::path& directory) { return Exists(TlsFile(directory)); }

std::string ToPem(std::span<const Certificate> chain) {
  std::string text;
  for (const Certificate& certificate : chain) text += certificate.Pem();
  return text;
}

Result<Credentials> OpenCredentials(const fs::path& directory, Purpose purpose,
                                    std::string_view project, int64_t now) {
  const fs::path file = TlsFile(directory);
  ASSIGN_OR_RETURN(const Secret tls, ReadPrivateFile(file));
  const size_t end_of_key = std::min(tls.text().find(kBeginCertificate), tls.text().size());
  auto key = EcKey::FromPem(tls.text().substr(0, end_of_key));
  if (!key) return Annotate(key.error(), file.string());
  ASSIGN_OR_RETURN(auto chain, ReadCertificates(file, tls.text().substr(end_of_key)));
  RETURN_IF_ERROR(CheckKeys(directory, chain.front(), *key));
  ASSIGN_OR_RETURN(const std::string text, ReadFile(RootsFile(directory), kMaxCertificateText));
  ASSIGN_OR_RETURN(auto roots, ReadCertificates(RootsFile(directory), text));
  return Verified(std::move(chain), std::move(roots), {std::string(project), purpose, now});
}

Result<std::string> PrepareRequest(const fs::path& directory) {
  RETURN_IF_ERROR(MakePrivateDirectory(directory));
  ASSIGN_OR_RETURN(const IdentityKey identity,
                   ReadOrMakeKey<IdentityKey>(IdentityFile(directory), IdentityKey::Generate));
  ASSIGN_OR_RETURN(const EcKey key, ReadOrMakeKey<EcKey>(RequestKeyFile(directory), [] {
                     return EcKey::Generate(Curve::kP256);
                   }));
  const fs::path file = RequestFile(directory);
  if (const auto text = ReadFile(file, kMaxRequest)) {
    const auto made = ParseRequest(*text);
    if (made && made->spki == key.spki() && made->identity == identity.public_key()) return *text;
  }
  // Signatures differ from one to the next, so the request itself is what is asked again.
  std::string request = MakeRequest(key, identity);
  RETURN_IF_ERROR(WriteFile(file, request));
  return request;
}

Result<Credentials> InstallChain(const fs::path& directory, std::string_view chain,
                                 const PeerExpectation& expected,
                                 const std::optional<Digest>& pin) {
  ASSIGN_OR_RETURN(std::vector<Certificate> certificates, CertificatesFromPem(chain));
  ASSIGN_OR_RETURN(const EcKey key, ReadKey<EcKey>(RequestKeyFile(directory)));
  RETURN_IF_ERROR(CheckKeys(directory, certificates.front(), key));
  std::vector<Certificate> roots;
  if (pin) {
    for (const Certificate& certificate : certificates)
      if (certificate.spki == *pin) roots.push_back(certificate);
  } else {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(RootsFile(directory), kMaxCertificateText));
    ASSIGN_OR_RETURN(roots, ReadCertificates(RootsFile(directory), text));
  }
  if (roots.empty())
    return MakeError(Code::kUnauthenticated,
                     "none of the {} certificates of the answer holds the root key {}",
                     certificates.size(), pin->Hex());
  ASSIGN_OR_RETURN(Credentials found, Verified(certificates, std::move(roots), expected));
  if (pin) RETURN_IF_ERROR(WriteFile(RootsFile(directory), ToPem(found.roots)));
  const Secret key_pem = key.Pem();
  std::string tls = std::string(key_pem.text()) + ToPem(certificates);
  const Status written = WritePrivateFile(TlsFile(directory), tls);
  Wipe(tls);
  RETURN_IF_ERROR(written);
  std::error_code ignored;  // what is left of it is asked for again, and is the same
  fs::remove(RequestKeyFile(directory), ignored);
  fs::remove(RequestFile(directory), ignored);
  return found;
}

}  // namespace tributary::privacy
