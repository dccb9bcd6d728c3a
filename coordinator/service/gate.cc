#include "coordinator/service/gate.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "aggregation/base/name.h"
#include "privacy/crypto/verify.h"
#include "proto/rpc/tls.h"

namespace tributary::service {
namespace {

constexpr size_t kMostKnown = 8192;

std::string Metadata(const grpc::ServerContextBase& context, const std::string& key) {
  const auto it = context.client_metadata().find(key);
  return it == context.client_metadata().end() ? ""
                                               : std::string(it->second.data(), it->second.size());
}

std::string_view Property(const grpc::ServerContextBase& context, const char* name) {
  const auto values = context.auth_context()->FindPropertyValues(name);
  return values.size() == 1 ? std::string_view(values.front().data(), values.front().size()) : "";
}

}  // namespace

Status Gate::Reload() {
  if (identity_.empty()) return {};
  const auto file = privacy::RootsFile(identity_);
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file, privacy::kMaxCertificateText));
  auto roots = privacy::CertificatesFromPem(text);
  if (!roots) return Annotate(roots.error(), file.string());
  const std::scoped_lock lock(mutex_);
  roots_ = *std::move(roots);
  known_.clear();
  return {};
}

Result<Gate::Known> Gate::Verify(std::string_view own, std::string_view chain, int64_t now) const {
  ASSIGN_OR_RETURN(const auto leaf, privacy::CertificateFromPem(own));
  ASSIGN_OR_RETURN(const auto shown, privacy::CertificatesFromPem(chain));
  ASSIGN_OR_RETURN(
      const privacy::PeerIdentity peer,
      privacy::VerifyPeer(leaf, shown, roots_, {project_, privacy::Purpose::kClient, now}));
  Known known{{peer.name, peer.role, "", leaf.serial, ""}, leaf.not_after};
  for (const auto& issuer : shown) known.not_after = std::min(known.not_after, issuer.not_after);
  if (leaf.identity) known.caller.identity = privacy::Hex(*leaf.identity);
  return known;
}

Result<Caller> Gate::CallerOf(const grpc::ServerContextBase& context) {
  if (identity_.empty()) {
    const Caller caller{Metadata(context, "tributary-name"), Metadata(context, "tributary-role")};
    RETURN_IF_ERROR(CheckName("tributary-name", caller.name));
    return caller;
  }
  // At a server OpenSSL keeps the leaf apart from what came with it.
  const std::string_view leaf = Property(context, GRPC_X509_PEM_CERT_PROPERTY_NAME);
  const std::string_view chain = Property(context, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
  if (leaf.empty()) return MakeError(Code::kUnauthenticated, "no certificate was shown");
  const int64_t now = rpc::UnixNow();
  const std::string key = Sha256(fmt::format("{}{}", leaf, chain)).Hex();
  const std::scoped_lock lock(mutex_);
  auto it = known_.find(key);
  if (it == known_.end() || it->second.not_after <= now) {
    ASSIGN_OR_RETURN(Known known, Verify(leaf, chain, now));
    if (known_.size() >= kMostKnown) known_.clear();
    it = known_.insert_or_assign(key, std::move(known)).first;
  }
  RETURN_IF_ERROR(CheckDenied(it->second.caller));
  return it->second.caller;
}

Status Gate::CheckDenied(const Caller& caller) const {
  if (denied_.contains(caller.serial) || denied_.contains(caller.identity))
    return MakeError(Code::kUnauthenticated, "the certificate of {} {} was revoked", caller.role,
                     caller.name);
  return {};
}

Result<Caller> Gate::Admit(const grpc::ServerContextBase& context, std::string_view method) {
  auto caller = CallerOf(context);
  if (!caller) {
    NoteRefused({"", "", context.peer(), "", ""}, method, caller.error());
    return caller;
  }
  caller->address = context.peer();
  if (const Status may = MayCall(*caller, method); !may) {
    NoteRefused(*caller, method, may.error());
    return tl::unexpected(may.error());
  }
  return caller;
}

Status Gate::MayCall(const Caller& caller, std::string_view method) {
  RETURN_IF_ERROR(Authorise(caller, method));
  if (!rate_.Take(caller.role + "/" + caller.name, SteadyNow()))
    return MakeError(Code::kResourceExhausted, "{} {} calls too often; wait a second", caller.role,
                     caller.name);
  return {};
}

Status Gate::Note(const Caller& caller, std::string_view action, const nlohmann::json& object,
                  const Status& result) {
  return trail_.Note({caller.name, caller.role, caller.serial, caller.address}, action, object,
                     result);
}

void Gate::NoteRefused(const Caller& caller, std::string_view method, const Error& why) {
  const std::string who = caller.name.empty() ? HostOf(caller.address) : caller.name;
  if (!refusals_.Take(who, SteadyNow()) || !all_refusals_.Take("", SteadyNow()))
    return void(++not_noted_);
  (void)Note(caller, method, {{"refused_and_not_noted", not_noted_.exchange(0)}},
             tl::unexpected(why));
}

void Gate::Deny(std::set<std::string> denied) {
  std::vector<std::shared_ptr<OpenCall>> ended;
  {
    const std::scoped_lock lock(mutex_);
    denied.erase("");
    denied_ = std::move(denied);
    for (const auto& [id, entered] : entered_)
      if (!CheckDenied(entered.caller))
        if (auto call = entered.call.lock()) ended.push_back(std::move(call));
  }
  for (const auto& call : ended) call->End({Code::kUnauthenticated, "the certificate was revoked"});
}

void Gate::Enter(const Caller& caller, std::weak_ptr<OpenCall> call) {
  const auto strong = call.lock();
  {
    const std::scoped_lock lock(mutex_);
    entered_[strong.get()] = {caller, std::move(call)};
    if (CheckDenied(caller)) return;
  }
  strong->End({Code::kUnauthenticated, "the certificate was revoked"});
}

void Gate::Leave(const OpenCall* call) {
  const std::scoped_lock lock(mutex_);
  entered_.erase(call);
}

}  // namespace tributary::service
