// The operator's commands against real processes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/e2e/live_federation.h"

namespace tributary {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const Settings kRun = {"federation.cohort=2", "federation.minimum=2", "federation.rounds=3",
                       "evaluation.on=clients", "evaluation.holdout=0.3"};

std::vector<json> Lines(const std::string& text) {
  std::vector<json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

// --- init ---

TEST(Init, ItsFilesAreAFederationAfterAFewEdits) {
  SmallWorld world(2);
  setenv("XDG_CONFIG_HOME", world.File("config").c_str(), 1);
  ASSERT_EQ(RunProgram({"data", "split", world.File("train.jsonl"), "--by", "client", "--out",
                        world.File("sites")})
                .code,
            0);
  ASSERT_EQ(RunProgram({"init", world.File("fed")}).code, 0);
  const int port = LiveFederation::FreePort(), enrolment = LiveFederation::FreePort();
  const auto address = [](int number) { return "127.0.0.1:" + std::to_string(number); };
  world.Edit("fed/coordinator.toml", "127.0.0.1:7340", address(port));
  world.Edit("fed/coordinator.toml", "127.0.0.1:7341", address(enrolment));
  world.Edit("fed/coordinator.toml", "listen = \"127.0.0.1:7342\"", "listen = \"127.0.0.1:0\"");
  world.Edit("fed/plan.toml", "path = \"model\"", "path = \"../model\"");
  world.Edit("fed/plan.toml", "[\"no\", \"yes\"]", R"(["blue", "green", "red"])");
  world.Edit("fed/plan.toml", "rounds = 10", "rounds = 2");
  world.Edit("fed/client.toml", "[\"model\"]", "[\"../model\"]");
  world.Edit("fed/client.toml", "\"train.jsonl\"", "\"../sites/site-0.jsonl\"");
  WriteText(world.path() / "fed/client-1.toml", ReadText(world.File("fed/client.toml")));
  world.Edit("fed/client-1.toml", "client-state", "client-1-state");
  world.Edit("fed/client-1.toml", "site-0", "site-1");

  const Outcome authority = RunProgram({"certs", "init", world.File("fed/coordinator.toml")});
  ASSERT_EQ(authority.code, 0) << authority.All();
  StartedProgram coordinator({"coordinator", world.File("fed/coordinator.toml")});
  ASSERT_TRUE(coordinator.WaitForError("coordinator_started")) << coordinator.error();
  std::vector<std::unique_ptr<StartedProgram>> clients;
  for (const std::string name : {"client", "client-1"}) {
    const Outcome invite = RunProgram({"certs", "invite", "--site", name});
    ASSERT_EQ(invite.code, 0) << invite.All();
    const std::string config = world.File("fed/" + name + ".toml");
    const std::string invitation = invite.out.substr(0, invite.out.find('\n'));
    const Outcome join = RunProgram({"client", "join", invitation, "--config", config});
    ASSERT_EQ(join.code, 0) << join.All();
    clients.push_back(std::make_unique<StartedProgram>(std::vector<std::string>{"client", config}));
  }
  const Outcome submit = RunProgram({"submit", world.File("fed/plan.toml")});
  ASSERT_EQ(submit.code, 0) << submit.All();
  const std::string run = submit.out.substr(0, submit.out.find('\n'));
  const Outcome watch = RunProgram({"watch", run});
  EXPECT_EQ(watch.code, 0) << watch.All() << coordinator.error();
  EXPECT_THAT(watch.out, AllOf(HasSubstr("round 2/2  finished"), HasSubstr("accuracy 0.")));
  EXPECT_THAT(watch.out, Not(HasSubstr("\033"))) << "no terminal, no codes";
}

// --- watch ---

TEST(Watch, OutlivesTheCoordinatorAndEndsWithTheRun) {
  LiveFederation live(2);
  live.StartCoordinator();
  live.Join(0), live.Join(1);
  const std::string run = live.Submit(kRun);
  StartedProgram watch({"watch", run, "--format", "json"});
  ASSERT_TRUE(watch.WaitForOutput("selecting"));
  live.coordinator().Signal(SIGKILL);
  live.coordinator().Wait();
  EXPECT_TRUE(watch.WaitForError("does not answer"));
  live.StartAll();
  EXPECT_TRUE(watch.WaitForError("the coordinator is back")) << live.Said();
  const Outcome ended = watch.Wait();
  EXPECT_EQ(ended.code, 0) << ended.All() << live.Said();
  const std::vector<json> lines = Lines(ended.out);
  ASSERT_GE(lines.size(), 2U);
  for (const json& line : lines) {
    EXPECT_EQ(line["schema"], 1);
    EXPECT_EQ(line["run"], run);
  }
  EXPECT_EQ(lines.front()["phase"], "selecting");
  EXPECT_EQ(lines.back()["phase"], "finished");
  EXPECT_GT(lines.back()["figures"]["bytes_up"], 0);
  EXPECT_GE(lines.back()["figures"]["accuracy"], 0);
}

TEST(Watch, CtrlCEndsItAndNotTheRun) {
  LiveFederation live(2);
  live.StartCoordinator();
  const std::string run = live.Submit(kRun);
  for (const char* command : {"watch", "wait"}) {
    StartedProgram watch({command, run});
    if (command == std::string("watch"))
      ASSERT_TRUE(watch.WaitForOutput("waits for clients"));
    else
      watch.WaitUntilItCatches(SIGINT);  // it says nothing before the end
    watch.Signal(SIGINT);
    const Outcome ended = watch.Wait();
    EXPECT_EQ(ended.code, 130) << ended.All();
    EXPECT_THAT(ended.err, HasSubstr("the run goes on")) << command;
  }
  EXPECT_THAT(live.Ask({"status", run}).out, HasSubstr("selecting"));
  live.Ask({"stop", run});
  EXPECT_EQ(live.Ask({"watch", run}).code, 1) << "it ended, and is not complete";
}

TEST(Watch, SaysWhyItCannot) {
  LiveFederation live(2);
  live.StartCoordinator();
  const Outcome unknown = live.Ask({"watch", "nothing-1"});
  EXPECT_EQ(unknown.code, 2) << unknown.All();
  EXPECT_THAT(unknown.err, HasSubstr("nothing-1"));
  live.coordinator().Signal(SIGTERM);
  live.coordinator().Wait();
  const Outcome gone = live.Ask({"watch", "nothing-1"});
  EXPECT_EQ(gone.code, 1) << gone.All();
  EXPECT_THAT(gone.err, HasSubstr("127.0.0.1:" + std::to_string(live.port())));
}

// --- logs ---

std::vector<std::string> Events(const std::string& text) {
  std::vector<std::string> events;
  for (const json& line : Lines(text)) events.push_back(line["event"]);
  return events;
}

TEST(Logs, TellARunFromItsJournalAsTheyToldItLive) {
  LiveFederation live(2);
  live.StartCoordinator();
  live.Join(0), live.Join(1);
  const std::string run = live.Submit(kRun);
  StartedProgram follow({"logs", run, "--follow", "--format", "json"});
  ASSERT_TRUE(follow.WaitForOutput("run_started"));
  live.StartClient(0), live.StartClient(1);
  const Outcome followed = follow.Wait();  // it ends with the run
  EXPECT_EQ(followed.code, 0) << followed.err;
  const std::vector<std::string> events = Events(followed.out);
  EXPECT_EQ(events.front(), "run_submitted");
  EXPECT_EQ(events.back(), "run_finished");
  EXPECT_EQ(std::count(events.begin(), events.end(), "update_accepted"), 14);
  for (const json& line : Lines(followed.out)) EXPECT_EQ(line["schema"], 1);
  const Outcome live_again = live.Ask({"logs", run, "--format", "json"});
  EXPECT_EQ(live_again.out, followed.out);

  live.coordinator().Signal(SIGKILL);
  live.coordinator().Wait();
  live.StartCoordinator();
  const Outcome told = live.Ask({"logs", run, "--format", "json"});
  std::vector<std::string> again = Events(told.out);
  ASSERT_FALSE(again.empty()) << told.All();
  EXPECT_EQ(again.back(), "run_found");
  again.pop_back();
  again.insert(again.begin(), "run_submitted");  // of no record
  EXPECT_EQ(again, events);
  EXPECT_EQ(Lines(told.out).front()["from"], "journal");
  EXPECT_GT(Lines(told.out).front()["time"], "2020");
}

TEST(Logs, LeaveOutWhatIsNotAskedFor) {
  LiveFederation live(2);
  live.StartCoordinator();
  const std::string run = live.Submit(kRun);
  const Outcome all = live.Ask({"logs"});
  EXPECT_THAT(all.out, AllOf(HasSubstr("info    coordinator_started project=default"),
                             HasSubstr("info    run_submitted run=" + run)));
  EXPECT_EQ(live.Ask({"logs", "--level", "error"}).out, "");
  EXPECT_EQ(live.Ask({"logs", "--since", "2099-01-01T00:00:00Z"}).out, "");
  EXPECT_THAT(live.Ask({"logs", "--since", "1h"}).out, HasSubstr("coordinator_started"));
  EXPECT_THAT(live.Ask({"logs", run}).out, Not(HasSubstr("coordinator_started")));
  for (const Settings& wrong : std::vector<Settings>{
           {"logs", "nothing-1"}, {"logs", "--since", "soon"}, {"logs", "--level", "loud"}})
    EXPECT_EQ(live.Ask(wrong).code, 2) << wrong.back();
  StartedProgram follow({"logs", "-f"});
  ASSERT_TRUE(follow.WaitForOutput("run_started"));
  live.coordinator().Signal(SIGTERM);
  EXPECT_TRUE(follow.WaitForOutput("coordinator_stopping")) << follow.error();
  EXPECT_TRUE(follow.WaitForError("does not answer"));
  live.coordinator().Wait();
  live.StartCoordinator();
  EXPECT_TRUE(follow.WaitForOutput("run_found"));
  EXPECT_THAT(follow.error(), HasSubstr("is back"));
  follow.Signal(SIGINT);
  EXPECT_EQ(follow.Wait().code, 130);
}

// The program on a terminal of its own.
class OnATerminal {
 public:
  OnATerminal(std::vector<std::string> arguments, unsigned short columns, unsigned short rows) {
    const winsize size{rows, columns, 0, 0};
    pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ != 0) return;
    arguments.insert(arguments.begin(), TRIBUTARY_BINARY_DIR "/tributary");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    setenv("TERM", "xterm", 1), setenv("LC_ALL", "C.UTF-8", 1), setenv("NO_COLOR", "1", 1);
    execv(argv[0], argv.data());
    _exit(127);
  }
  ~OnATerminal() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(terminal_);
  }
  // For at most a minute; false also where the program has ended.
  bool WaitFor(const std::string& text) {
    char bytes[4096];
    while (said_.find(text) == std::string::npos) {
      pollfd ready{terminal_, POLLIN, 0};
      if (poll(&ready, 1, 60'000) != 1) return false;
      const ssize_t n = read(terminal_, bytes, sizeof bytes);
      if (n <= 0) return false;
      said_.append(bytes, static_cast<size_t>(n));
    }
    return true;
  }
  // The next picture that is drawn, whole.
  std::string NextPicture() {
    said_.clear();
    if (!WaitFor("\033[H")) return "";
    said_.erase(0, said_.find("\033[H") + 3);
    return WaitFor("\033[J") ? said_.substr(0, said_.find("\033[J")) : "";
  }
  void Resize(unsigned short columns, unsigned short rows) {
    const winsize size{rows, columns, 0, 0};
    ioctl(terminal_, TIOCSWINSZ, &size);
  }
  void Type(char c) { EXPECT_EQ(write(terminal_, &c, 1), 1); }
  int ExitCode() {
    WaitFor("\1 which is never said");
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string said_;

 private:
  pid_t pid_ = -1;
  int terminal_ = -1;
};

TEST(Watch, DrawsOnATerminalAndLeavesItAsItWas) {
  LiveFederation live(2);
  live.StartCoordinator();
  const std::string run = live.Submit(kRun);
  OnATerminal watch({"watch", run}, 100, 30);
  ASSERT_TRUE(watch.WaitFor("waits for clients: 0 of 2 that it needs are connected"))
      << watch.said_;
  EXPECT_THAT(watch.said_, AllOf(HasSubstr("\033[?1049h"), Not(HasSubstr("\033[1m"))));
  watch.Resize(20, 4);
  std::vector<std::string> lines;
  for (int i = 0; i < 20 && lines.size() != 4; ++i) {  // some were drawn before
    lines.clear();
    std::istringstream stream(watch.NextPicture());
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
  }
  ASSERT_EQ(lines.size(), 4U);
  for (const std::string& line : lines) EXPECT_LE(line.find("\033[K"), 20U) << line;
  watch.Type('\3');
  EXPECT_EQ(watch.ExitCode(), 130);
  EXPECT_THAT(watch.said_, HasSubstr("\033[?7h\033[?25h\033[?1049l"));
}

}  // namespace
}  // namespace tributary
