#include "proto/rpc/tls.h"

#include <grpcpp/security/tls_credentials_options.h>

#include <chrono>
#include <cstdlib>

#include "aggregation/base/file.h"
#include "privacy/crypto/stranger.h"

namespace tributary::rpc {
namespace {

namespace tls = grpc::experimental;

constexpr unsigned kLookAgainSeconds = 5;

// gRPC 1.51 sets TLS 1.2 as the lowest version itself and has no setting for it. Without a cipher
// that both ends could agree on, no handshake of 1.2 succeeds: there are no pre-shared keys here.
// The ciphers of 1.3 are chosen apart. gRPC reads this when it makes its first credentials; before
// main no other thread reads the environment.
[[maybe_unused]] const int only_tls_1_3 =
    ::setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1);

// gRPC's own lines, several for every stranger who knocks, are for those who ask for them.
[[maybe_unused]] const int quiet = ::setenv("GRPC_VERBOSITY", "NONE", 0);

class Verifier : public tls::ExternalCertificateVerifier {
 public:
  explicit Verifier(CheckPeer check) : check_(std::move(check)) {}
  bool Verify(tls::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*later*/, grpc::Status* now) override {
    const grpc::string_ref chain = request->peer_cert_full_chain();
    const auto shown = privacy::CertificatesFromPem({chain.data(), chain.size()});
    const Status good =
        shown ? check_(shown->front(), std::span(*shown).subspan(1)) : Status(Failed(shown));
    const bool is_ours = shown && !shown->front().uris.empty();
    if (!good)
      *now = {static_cast<grpc::StatusCode>(good.error().code),
              is_ours ? good.error().message : Stranger({chain.data(), chain.size()})};
    return true;  // decided at once
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest*) override {}

 private:
  static Status Failed(const Result<std::vector<privacy::Certificate>>& shown) {
    return tl::unexpected(shown.error());
  }
  // The coordinator's certificates have a name of ours, so this is somebody else's.
  static std::string Stranger(std::string_view chain) {
    return fmt::format(
        "the certificate that came is not a coordinator's: it was issued by \"{}\". A proxy on the "
        "way opens connections and must let this one pass, or the address is another server's",
        privacy::IssuerOfStranger(chain));
  }
  const CheckPeer check_;
};

std::shared_ptr<tls::FileWatcherCertificateProvider> Watch(const std::filesystem::path& identity,
                                                           bool with_roots) {
  const std::string file = privacy::TlsFile(identity);
  return std::make_shared<tls::FileWatcherCertificateProvider>(
      file, file, with_roots ? privacy::RootsFile(identity).string() : "", kLookAgainSeconds);
}

}  // namespace

int64_t UnixNow() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Status CheckCoordinator(const Result<privacy::PeerIdentity>& verified) {
  if (!verified) return tl::unexpected(verified.error());
  if (verified->role == "coordinator") return {};
  return MakeError(Code::kPermissionDenied, "certificate {}: is not a coordinator's",
                   verified->Uri());
}

Result<privacy::Credentials> OwnCredentials(const std::filesystem::path& identity) {
  return privacy::OpenCredentials(identity, privacy::Purpose::kClient, "", UnixNow());
}

std::shared_ptr<grpc::ServerCredentials> ServerTls(const std::filesystem::path& identity,
                                                   bool asks_for_certificates) {
  tls::TlsServerCredentialsOptions options(Watch(identity, asks_for_certificates));
  options.watch_identity_key_cert_pairs();
  if (asks_for_certificates) options.watch_root_certs();
  options.set_cert_request_type(asks_for_certificates
                                    ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                    : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  return tls::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> ChannelTls(const std::filesystem::path& identity,
                                                     CheckPeer check) {
  tls::TlsChannelCredentialsOptions options;
  if (!identity.empty()) {
    options.set_certificate_provider(Watch(identity, false));
    options.watch_identity_key_cert_pairs();
  }
  options.set_verify_server_certs(false);  // by OpenSSL with its reasons; `check` has better ones
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      tls::ExternalCertificateVerifier::Create<Verifier>(std::move(check)));
  return tls::TlsCredentials(options);
}

CheckPeer IsCoordinator(const std::filesystem::path& identity, std::string project) {
  return
      [identity, project = std::move(project)](
          const privacy::Certificate& leaf, std::span<const privacy::Certificate> given) -> Status {
        ASSIGN_OR_RETURN(const std::string text,
                         ReadFile(privacy::RootsFile(identity), privacy::kMaxCertificateText));
        ASSIGN_OR_RETURN(const auto roots, privacy::CertificatesFromPem(text));
        return CheckCoordinator(privacy::VerifyPeer(
            leaf, given, roots, {project, privacy::Purpose::kServer, UnixNow()}));
      };
}

}  // namespace tributary::rpc
