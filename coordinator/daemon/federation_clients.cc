// What clients say: who is there, who takes part in which run, and what each message means.

#include <algorithm>

#include "aggregation/base/version.h"
#include "coordinator/daemon/federation.h"

namespace tributary::daemon {
namespace {

using coordinator::PopulationChanged;

// A stranger's words, as the journal takes them.
std::string Word(const std::string& text) { return text.empty() ? "none" : text.substr(0, 64); }

}  // namespace

void Federation::Describe(Run& run, const ClientId& client, const proto::Hello& hello) {
  run.Step(around_.Now(), coordinator::ClientSaid{
                              {client, Word(hello.program), Word(hello.numerics), Word(hello.torch),
                               Word(hello.device), Word(hello.instruction_set)}});
}

void Federation::Populate(Run& run) {
  const std::vector<ClientId> clients = ClientsOf(run);
  std::vector<ClientId> connected;
  for (const ClientId& name : clients) {
    if (!IsThere(run, name)) continue;
    connected.push_back(name);
    if (const auto& hello = registry_.Find(name)->hello) Describe(run, name, *hello);
  }
  run.Populate(around_.Now(), clients, std::move(connected));
  // A machine that was made anew has forgotten what they said when they came.
  for (const ClientId& name : clients)
    if (const auto& hello = registry_.Find(name)->hello) HeedSeen(run, name, *hello);
}

bool Federation::TakesPart(const Run& run, const ClientId& client) const {
  const Client* found = registry_.Find(client);
  return found != nullptr && (client.value == run.setup().submission.designated ||
                              Fits(run.setup().where, found->tags));
}

// Where privacy rests on draws from all who are enrolled, who is away or in quarantine is drawn
// like anybody else and answers with a refusal, or is refused.
bool Federation::IsThere(const Run& run, const ClientId& client) const {
  const Client* found = registry_.Find(client);
  return found != nullptr && found->is_connected &&
         ((!found->quarantine && !found->away.contains(run.setup().id)) ||
          run.setup().plan.run.DrawsFromEnrolled());
}

std::vector<ClientId> Federation::ClientsOf(const Run& run) const {
  std::vector<ClientId> names;
  for (const auto& [name, client] : registry_.clients())
    if (TakesPart(run, name)) names.push_back(name);
  return names;
}

// A client may know more than this state, where that was restored from a backup since. What it
// claims to have seen of this very incarnation, whose journal is whole, can only be made up.
void Federation::HeedSeen(Run& run, const ClientId& client, const proto::Hello& hello) {
  for (const proto::RunSeen& seen : hello.seen)
    if (seen.run == run.setup().id && seen.incarnation < incarnation_)
      run.Step(around_.Now(), coordinator::StageSeen{client, seen.sequence});
}

// --- clients ---

Status Federation::Enrol(const ClientId& client, Tags tags) {
  return registry_.Enrol(client, std::move(tags));
}

Status Federation::Greet(const ClientId& client, const proto::Hello& hello) {
  if (hello.major != proto::kMajor)
    return MakeError(Code::kFailedPrecondition,
                     "protocol version {}.{} is not spoken here; version {}.0 to {}.{} is",
                     hello.major, hello.minor, proto::kMajor, proto::kMajor, proto::kMinor);
  if (registry_.Find(client) == nullptr) {
    if (!options_.enrol_on_sight)
      return MakeError(Code::kPermissionDenied, "{} is not enrolled in project {}", client.value,
                       options_.project);
    RETURN_IF_ERROR(registry_.Enrol(client, {}));
  }
  return {};
}

Result<proto::Welcome> Federation::Connected(const ClientId& client, const proto::Hello& hello,
                                             const std::string& host) {
  if (Status greeted = Greet(client, hello); !greeted) {
    observer().Refused(client, greeted.error());
    return tl::unexpected(greeted.error());
  }
  Client& known = *registry_.Find(client);
  if (known.is_connected && known.host != host) observer().Elsewhere(client, known.host, host);
  known.is_connected = true;
  known.away.clear();  // what still holds is said again before any Holds
  known.host = host;
  known.since = around_.Now();
  known.hello = hello;
  observer().Connected(client, hello);
  for (const auto& [id, run] : runs_)
    if (TakesPart(*run, client)) {
      Describe(*run, client, hello);
      HeedSeen(*run, client, hello);
    }
  return proto::Welcome{std::min(hello.minor, proto::kMinor), incarnation_, options_.project,
                        std::string(kVersion), around_.Now()};
}

void Federation::Disconnected(const ClientId& client) {
  Client* known = registry_.Find(client);
  if (known == nullptr || !known->is_connected) return;
  known->is_connected = false;
  known->since = around_.Now();
  known->progress.reset();
  observer().Disconnected(client);
  for (const auto& [id, run] : runs_)
    if (TakesPart(*run, client))
      run->Step(around_.Now(), PopulationChanged{PopulationChanged::Kind::kDisconnected, {client}});
}

void Federation::OnMessage(const ClientId& client, proto::ClientBody message) {
  std::visit([&](const auto& m) { On(client, m); }, message);
}

void Federation::On(const ClientId&, const proto::Hello&) {}  // only the first one counts

void Federation::On(const ClientId& client, const proto::Heartbeat& message) {
  Send(client, proto::HeartbeatReply{message.sent});
}

// Without a task in hand: whoever has one for this client says it (again).
void Federation::On(const ClientId& client, const proto::Holds& message) {
  for (const auto& [id, run] : runs_) {
    if ((!message.run.value.empty() && id != message.run) || !TakesPart(*run, client)) continue;
    if (IsThere(*run, client))
      run->Step(around_.Now(), PopulationChanged{PopulationChanged::Kind::kConnected, {client}});
    if (message.sequence != 0)
      run->Step(around_.Now(), coordinator::TaskHeld{client, message.sequence});
    if (message.sequence == 0 && !message.run.value.empty() && run->is_finished()) {
      const auto kept = run->state()->Kept(run->setup().plan.run);
      Send(client, proto::RunEnd{id, std::get<coordinator::Finished>(run->state()->phase).reason,
                                 kept.round, kept.checkpoint});
    }
  }
}

void Federation::On(const ClientId& client, const proto::Failure& message) {
  const auto it = runs_.find(message.run);
  if (it == runs_.end() || !TakesPart(*it->second, client)) return;
  if (Client* known = registry_.Find(client)) known->last_failure = message.detail;
  it->second->SetLastFault(fmt::format("{}: {}", client.value, message.detail));
  const Reason reason = IsClientFault(message.reason) ? message.reason : Reason::kFailed;
  observer().Failed(*it->second, client, reason, message.detail);
  it->second->Step(around_.Now(), coordinator::ClientFailed{client, message.sequence, reason});
}

void Federation::On(const ClientId& client, const proto::Progress& message) {
  const auto it = runs_.find(message.run);
  if (it == runs_.end() || !TakesPart(*it->second, client)) return;
  registry_.Find(client)->progress = message;
  Heed(*it->second, client, message);
  around_.Changed(message.run);
}

// A client that goes away, or is back.
void Federation::Heed(Run& run, const ClientId& client, const proto::Progress& message) {
  Client& known = *registry_.Find(client);
  const bool was_there = IsThere(run, client);
  if (message.away)
    known.away[message.run] = message.state;
  else
    known.away.erase(message.run);
  if (IsThere(run, client) == was_there) return;
  using Kind = PopulationChanged::Kind;
  run.Step(around_.Now(),
           PopulationChanged{was_there ? Kind::kDisconnected : Kind::kConnected, {client}});
}

}  // namespace tributary::daemon
