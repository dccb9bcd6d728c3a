// tributary certs: a project's authority, and who belongs to it

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "aggregation/base/json.h"
#include "aggregation/base/units.h"
#include "aggregation/base/utc.h"
#include "coordinator/command/remote.h"
#include "coordinator/config/connections.h"
#include "coordinator/daemon/settings.h"
#include "coordinator/identity/authority.h"
#include "deploy/commands.h"
#include "proto/rpc/enrol.h"

namespace tributary {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

struct Options {
  RemoteOptions remote;
  std::string file, out, name, role = "client", why, life = "24h";
  std::vector<std::string> tags;
  bool approve = false;
};

// --- on the coordinator's machine ---

Result<int> Init(const Options& options) {
  ASSIGN_OR_RETURN(const daemon::Settings settings, daemon::ReadSettings(options.file));
  const fs::path authority = daemon::AuthorityDirectory(settings);
  const fs::path admin = daemon::AdminDirectory(settings);
  const int64_t now = rpc::UnixNow();
  RETURN_IF_ERROR(identity::MakeAuthority(authority, settings.project, now));
  ASSIGN_OR_RETURN(const auto issuer, identity::Issuer::Open(authority, settings.project));
  RETURN_IF_ERROR(identity::KeepCurrent(issuer, daemon::IdentityDirectory(settings),
                                        settings.project, daemon::HostsOf(settings), now));
  RETURN_IF_ERROR(identity::IssueHere(issuer, admin, settings.project, "admin", "admin", {}, now));
  RETURN_IF_ERROR(privacy::KeepCoordinator(admin, settings.address));
  if (options.remote.json)
    fmt::print("{}\n", DumpJson(Json{{"schema", 1},
                                     {"project", settings.project},
                                     {"root_key", issuer.root().spki.Hex()}}));
  else
    fmt::print("project   {}\nroot key  {}\n", settings.project, issuer.root().spki.Hex());
  ASSIGN_OR_RETURN(const std::string name, config::EnterConnection(admin, settings.project));
  const std::string use = name.empty()        ? "--identity " + admin.string()
                          : name == "default" ? ""
                                              : "--connection " + name;
  fmt::print(stderr,
             "{0}: take root.key to a safe place; it is needed once a year.\n"
             "next:\n  tributary coordinator {1}\n  tributary certs invite --site NAME {2}\n",
             authority.string(), options.file, use);
  return kDone;
}

// --- of an administrator, wherever ---

Result<int> Invite(const Options& options) {
  ASSIGN_OR_RETURN(const Duration life, ParseDuration(options.life));
  ASSIGN_OR_RETURN(const auto channel, OpenRemote(options.remote));
  ASSIGN_OR_RETURN(
      const auto invitation,
      channel->Call<proto::Invitation>(
          "Certificates/Invite",
          proto::InviteRequest{options.name, options.role, options.tags, life, options.approve}));
  if (options.remote.json)
    fmt::print("{}\n",
               DumpJson(Json{{"schema", 1},
                             {"join", invitation.join},
                             {"expires", invitation.expires.since_epoch.count() / 1'000'000}}));
  else
    fmt::print("{}\n", invitation.join);
  fmt::print(stderr,
             "for {} {}, once, within {}; as secret as a password. There:\n  tributary client join "
             "STRING\n",
             options.role, options.name, options.life);
  return kDone;
}

Result<int> Sign(const Options& options) {
  ASSIGN_OR_RETURN(const std::string pem, ReadFile(options.file, privacy::kMaxRequest * 2));
  auto request = privacy::RequestFromPem(pem);
  if (!request) return Annotate(request.error(), options.file);
  ASSIGN_OR_RETURN(const auto channel, OpenRemote(options.remote));
  const std::string digest = Sha256(*request).Hex();
  ASSIGN_OR_RETURN(
      const auto issued,
      channel->Call<proto::IssuedChain>(
          "Certificates/Sign",
          proto::SignRequest{{*std::move(request)}, options.name, options.role, options.tags}));
  const std::string out = options.out.empty() ? options.file + ".chain" : options.out;
  RETURN_IF_ERROR(
      WriteFile(out, fmt::format("# coordinator {}\n{}", issued.coordinator, issued.chain.value)));
  if (options.remote.json)
    fmt::print("{}\n", DumpJson(Json{{"schema", 1}, {"request", digest}, {"chain", out}}));
  else
    fmt::print("request {}\n", digest);
  fmt::print(stderr, "{}: for {} {}, who compares the number and runs `tributary client install`\n",
             out, options.role, options.name);
  return kDone;
}

std::string Left(int64_t seconds) { return seconds < 0 ? "over" : DaysOrHours(seconds); }

Result<int> Print(const Options& options, const proto::Document& document) {
  if (options.remote.json) {
    fmt::print("{}\n", document.json.value);
    return kDone;
  }
  const Json json = ParseOrderedJson(document.json.value);
  if (!json.is_object()) return MakeError(Code::kDataLoss, "the answer is not JSON");
  const int64_t now = json["now"];
  fmt::print("{:24} {:12} {:10} {:10} {}\n", "name", "role", "state", "left", "serial");
  for (const Json& c : json["certificates"])
    fmt::print("{:24} {:12} {:10} {:10} {} {}\n", c["name"].get<std::string>(),
               c["role"].get<std::string>(), c["state"].get<std::string>(),
               Left(c["not_after"].get<int64_t>() - now), c["serial"].get<std::string>(),
               c["why"].get<std::string>());
  bool has_head = false;
  for (const Json& i : json["invitations"]) {
    if (i["state"] != "open" && i["state"] != "pending") continue;
    if (!std::exchange(has_head, true)) fmt::print("\ninvitations\n");
    fmt::print("{:24} {:12} {:10} {:10} {}\n", i["name"].get<std::string>(),
               i["role"].get<std::string>(), i["state"].get<std::string>(),
               Left(i["expires"].get<int64_t>() - now), i.value("request", ""));
  }
  return kDone;
}

template <typename Request>
Result<int> Ask(const Options& options, std::string_view method, const Request& request) {
  ASSIGN_OR_RETURN(const auto channel, OpenRemote(options.remote));
  ASSIGN_OR_RETURN(const auto document, channel->Call<proto::Document>(method, request));
  return Print(options, document);
}

Result<int> Renew(const Options& options) {
  ASSIGN_OR_RETURN(const auto channel, OpenRemote(options.remote));
  ASSIGN_OR_RETURN(const auto own, rpc::Renew(*channel, channel->identity()));
  if (options.remote.json) {
    fmt::print("{}\n", DumpJson(Json{{"schema", 1},
                                     {"name", own.identity.name},
                                     {"role", own.identity.role},
                                     {"project", own.identity.project},
                                     {"not_after", own.leaf.not_after}}));
    return kDone;
  }
  fmt::print("{} {} of project {}: valid for {} days\n", own.identity.role, own.identity.name,
             own.identity.project, (own.leaf.not_after - rpc::UnixNow()) / privacy::kDay);
  return kDone;
}

}  // namespace

CommandBody AddCerts(CommandLine line) {
  line.NeedsCommand();
  auto options = std::make_shared<Options>();
  std::vector<std::pair<CommandLine, std::function<Result<int>()>>> bodies;
  const auto add = [&](const char* name, const char* what, std::function<Result<int>()> body,
                       bool is_remote = true) {
    CommandLine sub = line.Command(name, what);
    if (is_remote) AddRemoteOptions(sub, &options->remote);
    bodies.emplace_back(sub, std::move(body));
    return sub;
  };
  const auto member = [options](CommandLine sub) {
    sub.Option("--site,--name", options->name, "Name of the site or the person").Required();
    sub.Option("--role", options->role,
               "client, viewer, researcher, officer or admin (default: client)");
  };
  CommandLine init = add(
      "init", "Make the project's authority and the coordinator's certificate",
      [options] { return Init(*options); }, false);
  init.Option("CONFIG", options->file, "The coordinator's configuration").Required();
  AddFormat(init, &options->remote.json);
  CommandLine invite = add("invite", "Print a join string, which works once",
                           [options] { return Invite(*options); });
  member(invite);
  invite.Option("--tag", options->tags, "tag=value, by which runs choose clients");
  invite.Option("--life", options->life, "How long it may be used (default: 24h)");
  invite.Flag("--approve", options->approve, "Look at the request before it is answered");
  CommandLine sign =
      add("sign", "Answer a request that came as a file", [options] { return Sign(*options); });
  sign.Option("REQUEST", options->file, "What `tributary client request` wrote").Required();
  sign.Option("--out", options->out, "File to write (default: REQUEST.chain)");
  member(sign);
  sign.Option("--tag", options->tags, "tag=value, by which runs choose clients");
  add("list", "Certificates and invitations",
      [options] { return Ask(*options, "Certificates/List", proto::CertificatesRequest{}); });
  for (const bool yes : {true, false})
    member(add(yes ? "approve" : "decline",
               yes ? "Answer a request that waits" : "Turn down a request that waits",
               [options, yes] {
                 return Ask(*options, "Certificates/Approve",
                            proto::ApproveRequest{options->name, options->role, yes});
               }));
  CommandLine revoke = add("revoke", "Shut somebody out, at once", [options] {
    return Ask(*options, "Certificates/Revoke",
               proto::RevokeRequest{options->name, options->role, options->why});
  });
  member(revoke);
  revoke.Option("--why", options->why, "For the list and the audit log");
  add("renew", "Renew your own certificate", [options] { return Renew(*options); });
  line.Footer(
      "Examples:\n  tributary certs init coordinator.toml\n"
      "  tributary certs invite --site hospital-1 --tag group=large\n"
      "  tributary certs revoke --site hospital-1 --why 'laptop stolen'");
  return [bodies]() -> Result<int> {
    for (const auto& [sub, body] : bodies)
      if (sub.was_given()) return body();
    return kWrongInput;
  };
}

}  // namespace tributary
