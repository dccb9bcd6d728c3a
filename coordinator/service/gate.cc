#include "coordinator/service/gate.h"

#include <condition_variable>
#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "aggregation/base/name.h"
#include "privacy/crypto/verify.h"
#include "proto/rpc/tls.h"

namespace tributary::service {
namespace {

constexpr size_t kMostKnown = 8192;
constexpr std::chrono::milliseconds kLook{500};  // for the slow

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

Gate::Gate(std::string project, std::filesystem::path identity, const daemon::Limits& limits,
           monitor::AuditTrail& trail, Refusals& refusals)
    : project_(std::move(project)),
      identity_(std::move(identity)),
      limits_(limits),
      trail_(trail),
      refusals_(refusals),
      rate_(static_cast<double>(limits.calls_per_second),
            static_cast<double>(limits.calls_at_once)),
      watch_([this](const std::stop_token& stop) { EndTheSlow(stop); }) {}

void Gate::EndTheSlow(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  while (!stopped.wait_for(lock, stop, kLook, [] { return false; }) && !stop.stop_requested()) {
    std::vector<std::shared_ptr<OpenCall>> open;
    {
      const std::scoped_lock entered(mutex_);
      for (const auto& [id, call] : entered_)
        if (auto strong = call.call.lock()) open.push_back(std::move(strong));
    }
    for (const auto& call : open) call->EndIfSlow(SteadyNow());
  }
}

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
  const auto refuse = [&](Refusal reason, const Caller& caller, const Error& why) {
    refusals_.Add(reason, caller, method, why);
    return tl::unexpected(why);
  };
  auto caller = CallerOf(context);
  if (!caller)
    return refuse(Refusal::kCertificate, {"", "", context.peer(), "", ""}, caller.error());
  caller->address = context.peer();
  if (Doorman* doorman = doorman_) doorman->Know(caller->address);
  if (const Status may = Authorise(*caller, method); !may)
    return refuse(Refusal::kRole, *caller, may.error());
  if (!MaySay(*caller))
    return refuse(Refusal::kRate, *caller,
                  {Code::kResourceExhausted, fmt::format("{} {} calls too often; wait a second",
                                                         caller->role, caller->name)});
  return caller;
}

bool Gate::MaySay(const Caller& caller) {
  return rate_.Take(caller.role + "/" + caller.name, SteadyNow());
}

Status Gate::Note(const Caller& caller, std::string_view action, const nlohmann::json& object,
                  const Status& result) {
  return trail_.Note({caller.name, caller.role, caller.serial, caller.address}, action, object,
                     result);
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
  bool is_denied = false;
  size_t open = 0;
  {
    const std::scoped_lock lock(mutex_);
    entered_[strong.get()] = {caller, std::move(call)};
    is_denied = !CheckDenied(caller);
    open = entered_.size();
  }
  if (hear_open_calls_) hear_open_calls_(open);
  if (is_denied) strong->End({Code::kUnauthenticated, "the certificate was revoked"});
}

void Gate::Leave(const OpenCall* call) {
  size_t open = 0;
  {
    const std::scoped_lock lock(mutex_);
    entered_.erase(call);
    open = entered_.size();
  }
  if (hear_open_calls_) hear_open_calls_(open);  // unlocked: it may end calls
}

}  // namespace tributary::service
