#include "tests/e2e/live_federation.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>

#include "aggregation/base/status.h"

namespace tributary {
namespace {

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

constexpr const char* kLabels = "model.labels=[\"blue\",\"green\",\"red\"]";

}  // namespace

int LiveFederation::FreePort() {
  // Below those that the kernel gives to outgoing connections: it would stay free only by chance.
  static std::mt19937 random{std::random_device{}()};
  for (;;) {
    const int port = std::uniform_int_distribution<int>(10'000, 32'000)(random);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    const bool is_free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    close(fd);
    if (is_free) return port;
  }
}

LiveFederation::LiveFederation(int clients, const std::string& more, Security security,
                               const std::string& host)
    : world_(clients),
      is_secure_(security == Security::kTls),
      host_(host),
      port_(FreePort()),
      enrolment_port_(FreePort()) {
  setenv("XDG_CONFIG_HOME", world_.File("config").c_str(), 1);
  clients_.resize(static_cast<size_t>(clients));
  const Outcome split = RunProgram({"data", "split", world_.File("train.jsonl"), "--by", "client",
                                    "--out", world_.File("sites")});
  TRIBUTARY_CHECK(split.code == 0, split.All());
  WriteText(world_.path() / "coordinator.toml",
            fmt::format("listen = \"{}\"\n", address()) + more +
                fmt::format("\n[enrolment]\nlisten = \"{}:{}\"\n", host_, enrolment_port_));
  for (int i = 0; i < clients; ++i)
    WriteText(world_.path() / fmt::format("client-{}.toml", i),
              fmt::format("name = \"site-{0}\"\ncoordinator = \"{1}\"\n"
                          "directory = \"client-{0}\"\nmodels = [\"model\"]\ndevice = \"cpu\"\n"
                          "[data]\ntrain = \"sites/site-{0}.jsonl\"\n",
                          i, address()));
  if (!is_secure_) return;
  const Outcome init = RunProgram({"certs", "init", world_.File("coordinator.toml")});
  TRIBUTARY_CHECK(init.code == 0, init.All());
}

std::string LiveFederation::address() const { return fmt::format("{}:{}", host_, port_); }

std::vector<std::string> LiveFederation::Command(const char* name, const std::string& file) const {
  std::vector<std::string> arguments = {name, file};
  if (!is_secure_) arguments.emplace_back("--insecure");
  return arguments;
}

std::string LiveFederation::Invite(const std::string& name, const Settings& options) {
  std::vector<std::string> arguments = {"certs", "invite", "--site", name};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const Outcome invite = Ask(arguments);
  TRIBUTARY_CHECK(invite.code == 0, invite.All() + Said());
  return FirstLine(invite.out);
}

void LiveFederation::Join(int number) {
  const std::string config = world_.File(fmt::format("client-{}.toml", number));
  const Outcome join =
      RunProgram({"client", "join", Invite(fmt::format("site-{}", number)), "--config", config});
  TRIBUTARY_CHECK(join.code == 0, join.All() + Said());
}

void LiveFederation::StartCoordinator(const std::vector<std::string>& variables) {
  coordinator_ = std::make_unique<StartedProgram>(
      Command("coordinator", world_.File("coordinator.toml")), "", variables);
  while (!coordinator_->HasEnded() &&
         coordinator_->error().find("coordinator_started") == std::string::npos)
    usleep(5'000);  // a crash point may end it before it serves
}

void LiveFederation::StartClient(int number, const std::vector<std::string>& variables) {
  const std::string file = world_.File(fmt::format("client-{}.toml", number));
  const auto identity = world_.path() / fmt::format("client-{}", number) / "identity";
  if (is_secure_ && !std::filesystem::exists(identity / "tls.pem")) Join(number);
  clients_.at(static_cast<size_t>(number)) =
      std::make_unique<StartedProgram>(Command("client", file), "", variables);
}

void LiveFederation::StartAll() {
  StartCoordinator();
  for (size_t i = 0; i < clients_.size(); ++i) StartClient(static_cast<int>(i));
}

Outcome LiveFederation::Ask(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"--coordinator", address()});
  if (!is_secure_) arguments.emplace_back("--insecure");
  return RunProgram(arguments);
}

Outcome LiveFederation::AskToSubmit(const Settings& settings, const std::string& token,
                                    const std::vector<std::string>& more) {
  Settings all = settings;
  all.emplace_back(kLabels);
  if (digest_.empty()) {  // the base model's is what `check` fills in
    const Outcome check = world_.Check(all);
    const size_t at = check.out.find("digest = \"");
    TRIBUTARY_CHECK(at != std::string::npos, check.All());
    digest_ = check.out.substr(at + 10, 64);
  }
  all.push_back("model.digest=" + digest_);
  std::vector<std::string> arguments = world_.Command("submit", all);
  arguments.insert(arguments.end(), more.begin(), more.end());
  if (!token.empty()) arguments.insert(arguments.end(), {"--token", token});
  return Ask(arguments);
}

std::string LiveFederation::TrySubmit(const Settings& settings, const std::string& token,
                                      const std::vector<std::string>& more) {
  const Outcome submit = AskToSubmit(settings, token, more);
  return submit.code == 0 ? FirstLine(submit.out) : "";
}

std::string LiveFederation::Submit(const Settings& settings, const std::string& token,
                                   const std::vector<std::string>& more) {
  const Outcome submit = AskToSubmit(settings, token, more);
  TRIBUTARY_CHECK(submit.code == 0, submit.All() + Said());
  return FirstLine(submit.out);
}

std::string LiveFederation::Adapter(const std::string& run) const {
  const std::string out = world_.File("exported-" + run);
  const Outcome done = Ask({"export", run, "--out", out, "--model", world_.File("model")});
  TRIBUTARY_CHECK(done.code == 0, done.All());
  return ReadText(std::filesystem::path(out) / "adapter_model.safetensors");
}

std::string LiveFederation::Said() const {
  std::string said = coordinator_ == nullptr ? "" : coordinator_->error();
  for (const auto& client : clients_)
    if (client != nullptr) said += "---\n" + client->error();
  return said;
}

}  // namespace tributary
