#include "client/command/join.h"

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "aggregation/base/json.h"
#include "client/edge/settings.h"
#include "coordinator/config/connections.h"
#include "privacy/crypto/authority.h"
#include "privacy/crypto/request.h"
#include "proto/rpc/enrol.h"

namespace tributary {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string join, file, config, identity, pin, proxy;
  bool json = false;
};

struct Site {
  fs::path identity;  // where the keys belong
  std::string proxy;
};

// What was named, or what the site's configuration says.
Result<Site> SiteOf(const Options& options) {
  if (!options.identity.empty()) return Site{options.identity, options.proxy};
  std::error_code error;
  if (!fs::exists(options.config, error))
    return MakeError(Code::kNotFound,
                     "{}: is not there; name the client's configuration with --config, or a "
                     "directory for the keys with --identity",
                     options.config);
  ASSIGN_OR_RETURN(const edge::Settings settings, edge::ReadSettings(options.config));
  return Site{edge::IdentityDirectory(settings),
              options.proxy.empty() ? settings.proxy : options.proxy};
}

Status RefuseToReplace(const fs::path& identity) {
  if (!privacy::HasCredentials(identity)) return {};
  return MakeError(Code::kAlreadyExists,
                   "{}: holds a certificate already; remove the directory if it is to be replaced",
                   identity.string());
}

void Show(const privacy::Credentials& own, const fs::path& identity, bool as_json) {
  if (as_json)
    return fmt::print("{}\n",
                      DumpJson(nlohmann::ordered_json{{"schema", 1},
                                                      {"role", own.identity.role},
                                                      {"name", own.identity.name},
                                                      {"project", own.identity.project},
                                                      {"identity", identity.string()},
                                                      {"not_after", own.leaf.not_after},
                                                      {"root_sha256", own.roots.front().spki.Hex()},
                                                      {"sha256", own.leaf.fingerprint.Hex()}}));
  fmt::print("{} {} of project {}\n  keys and certificate  {}\n  valid for             {} days\n",
             own.identity.role, own.identity.name, own.identity.project, identity.string(),
             (own.leaf.not_after - rpc::UnixNow()) / privacy::kDay);
  fmt::print("  root key              {}\n  certificate           {}\n",
             own.roots.front().spki.Hex(), own.leaf.fingerprint.Hex());
}

// The request's digest, to be told to the administrator.
void ShowRequest(const std::string& request, bool as_json) {
  const std::string digest = Sha256(request).Hex();
  if (as_json)
    fmt::print("{}\n", DumpJson(nlohmann::ordered_json{{"schema", 1}, {"request", digest}}));
  else
    fmt::print("request {}\n", digest);
}

Status Finish(const fs::path& identity, const proto::IssuedChain& issued,
              const std::string& project, const std::optional<Digest>& pin, bool as_json) {
  // The certificate last: with it this is done, and is refused a second time.
  if (!issued.coordinator.empty())
    RETURN_IF_ERROR(privacy::KeepCoordinator(identity, issued.coordinator));
  ASSIGN_OR_RETURN(const auto own, privacy::InstallChain(
                                       identity, issued.chain.value,
                                       {project, privacy::Purpose::kClient, rpc::UnixNow()}, pin));
  Show(own, identity, as_json);
  if (own.identity.role == "client") {
    fmt::print(stderr, "next: tributary client client.toml\n");
    return {};
  }
  ASSIGN_OR_RETURN(const std::string name, config::EnterConnection(identity, own.identity.project));
  if (name.empty()) return {};
  fmt::print(stderr, "next: tributary runs{}\n", name == "default" ? "" : " --connection " + name);
  return {};
}

Result<int> Join(const Options& options) {
  ASSIGN_OR_RETURN(const auto invitation, proto::DecodeJoinString(options.join));
  ASSIGN_OR_RETURN(const Site site, SiteOf(options));
  const fs::path& identity = site.identity;
  RETURN_IF_ERROR(RefuseToReplace(identity));
  ASSIGN_OR_RETURN(const std::string request, privacy::PrepareRequest(identity));
  ASSIGN_OR_RETURN(const auto answer, rpc::Enrol(invitation, request, site.proxy));
  if (const auto* pending = std::get_if<proto::EnrolmentPending>(&answer.body)) {
    ShowRequest(request, options.json);
    fmt::print(stderr,
               "{}: {}.\nTell the administrator the number above, by telephone say; when it is "
               "approved, run the same command again.\n",
               invitation.address, pending->why);
    return kDone;
  }
  const auto* issued = std::get_if<proto::IssuedChain>(&answer.body);
  if (issued == nullptr) return MakeError(Code::kInternal, "{}: greeted twice", invitation.address);
  RETURN_IF_ERROR(
      Finish(identity, *issued, invitation.project, invitation.root_spki, options.json));
  return kDone;
}

Result<int> Request(const Options& options) {
  ASSIGN_OR_RETURN(const Site site, SiteOf(options));
  const fs::path& identity = site.identity;
  RETURN_IF_ERROR(RefuseToReplace(identity));
  ASSIGN_OR_RETURN(const std::string request, privacy::PrepareRequest(identity));
  RETURN_IF_ERROR(WriteFile(options.file, privacy::RequestToPem(request)));
  ShowRequest(request, options.json);
  fmt::print(stderr,
             "{}: for the project's administrator, who answers with a file for "
             "`tributary client install`. The keys stay in {}.\n",
             options.file, identity.string());
  return kDone;
}

Result<int> Install(const Options& options) {
  ASSIGN_OR_RETURN(const Site site, SiteOf(options));
  const fs::path& identity = site.identity;
  RETURN_IF_ERROR(RefuseToReplace(identity));
  ASSIGN_OR_RETURN(const std::string chain, ReadFile(options.file, privacy::kMaxCertificateText));
  const auto certificates = privacy::CertificatesFromPem(chain);
  if (!certificates) return Annotate(certificates.error(), options.file);
  Digest pin = certificates->back().spki;
  if (!options.pin.empty()) {
    ASSIGN_OR_RETURN(pin, Digest::FromHex(options.pin));
  } else {
    fmt::print(stderr, "compare the root key below with what the administrator says\n");
  }
  // "# coordinator HOST:PORT" may stand before the certificates.
  constexpr std::string_view kMark = "# coordinator ";
  std::string coordinator;
  if (chain.starts_with(kMark))
    coordinator = chain.substr(kMark.size(), chain.find('\n') - kMark.size());
  RETURN_IF_ERROR(Finish(identity, {{chain}, coordinator}, "", pin, options.json));
  return kDone;
}

void AddWhere(CommandLine line, const std::shared_ptr<Options>& options) {
  line.Option("--config", options->config, "The client's configuration, whose directory is used")
      .Default("client.toml");
  line.Option("--identity", options->identity, "A directory for keys and certificate instead");
  AddFormat(line, &options->json);
}

}  // namespace

std::function<std::optional<Result<int>>()> AddJoining(CommandLine client) {
  auto options = std::make_shared<Options>();
  CommandLine join = client.Command("join", "Join a project with a join string");
  join.Option("STRING", options->join, "The join string; - reads it from standard input")
      .Required();
  join.Option("--proxy", options->proxy,
              "An HTTP CONNECT proxy, http://host:port (default: the configuration's)");
  AddWhere(join, options);
  join.Footer(
      "The administrator's `tributary certs invite` prints the string; it is as secret as a "
      "password and works once. Keys are made here and never leave this machine.");
  CommandLine request =
      client.Command("request", "Make keys and a request, for a site that may not dial out yet");
  request.Option("--out", options->file, "File to write").Default("request.pem");
  AddWhere(request, options);
  CommandLine install = client.Command("install", "Take the answer to such a request");
  install.Option("FILE", options->file, "What `tributary certs sign` wrote").Required();
  install.Option("--root", options->pin, "The root key that the administrator named (SHA-256)");
  AddWhere(install, options);
  return [=]() -> std::optional<Result<int>> {
    if (join.was_given()) {
      if (options->join == "-") std::getline(std::cin, options->join);
      return Join(*options);
    }
    if (request.was_given()) return Request(*options);
    if (install.was_given()) return Install(*options);
    return std::nullopt;
  };
}

}  // namespace tributary
