// tributary watch

#include <cmath>
#include <cstdio>

#include "aggregation/base/json.h"
#include "coordinator/command/following.h"
#include "coordinator/command/remote.h"
#include "coordinator/command/runs.h"
#include "coordinator/command/screen.h"
#include "coordinator/command/watch_view.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
using Heard = Following::Heard;

constexpr auto kFresh = std::chrono::seconds(1);  // age of what is asked beside the stream

struct Options {
  RemoteOptions remote;
  RunId run;
};

class Watch {
 public:
  Watch(const Options& options, rpc::Channel& channel)
      : options_(options), channel_(channel), is_json_(options.remote.json) {
    if (!is_json_ && Screen::IsThere()) screen_.emplace();
  }

  Result<int> Run() {
    Following following(channel_, "Admin/Watch", [this](rpc::Stream& stream) {
      if (stream.Write(proto::RunRef{options_.run})) stream.WritesDone();
    });
    for (;;) {
      ASSIGN_OR_RETURN(const Heard heard, following.Next(kGlance));
      if (IsInterrupted()) return screen_.reset(), SayItGoesOn(options_.run, "watch");
      RETURN_IF_ERROR(Take(heard));
      if (heard.what == Heard::kEnd) return End();
      Show();
    }
  }

 private:
  Status Take(const Heard& heard) {
    picture_.link = heard.what == Heard::kLost ? heard.text : picture_.link;
    if (heard.what == Heard::kBack) picture_.link.clear();
    if (!screen_) SayLink(heard);
    if (heard.what != Heard::kDocument) return {};
    Json status = ParseOrderedJson(heard.text);
    if (!status.is_object()) return MakeError(Code::kDataLoss, "the answer is not JSON");
    picture_.status = std::move(status);
    SetUntil(picture_.status["seconds_left"]);
    is_new_ = true;
    return {};
  }

  // Not moved by a second, which is rounding.
  void SetUntil(const Json& left) {
    if (!left.is_number()) return picture_.until.reset();
    const int64_t until = Now() + std::llround(left.get<double>());
    if (!picture_.until || std::abs(*picture_.until - until) > 1) picture_.until = until;
  }

  static int64_t Now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  // The rounds when there may be more of them, the clients as they change.
  void Refresh() {
    if (!picture_.link.empty()) return;
    const auto ask = [&](const char* method, Json* document) {
      const auto answer = channel_.Call<proto::Document>(method, proto::RunRef{options_.run},
                                                         std::chrono::seconds(2));
      if (!answer) return answer.error().code != Code::kPermissionDenied;
      *document = ParseOrderedJson(answer->json.value);
      return true;
    };
    std::string rounds_of;  // a committed stage changes one of these
    for (const char* key : {"phase", "round", "checkpoint", "stage"})
      if (picture_.status.contains(key)) rounds_of += DumpJson(picture_.status[key]);
    if (rounds_of != rounds_of_ && ask("Admin/Rounds", &picture_.rounds)) rounds_of_ = rounds_of;
    if (may_see_clients_) may_see_clients_ = ask("Admin/Clients", &picture_.clients);
    refreshed_ = Clock::now();
  }

  void Show() {
    if (picture_.status.is_null()) return;
    const bool is_due = Clock::now() - refreshed_ >= kFresh;
    if (screen_) {
      if (is_due) Refresh();
      // Once a second for the time that is left, and at once when something is different.
      if (const bool resized = screen_->Resized(); !resized && !is_new_ && !is_due) return;
      screen_->Draw(
          ViewOf(picture_, {screen_->width(), screen_->colour(), screen_->utf8(), Now()}));
      is_new_ = false;
    } else if (is_new_ && (is_due || picture_.rounds.is_null())) {
      Refresh();
      Print();
    }
  }

  void Print() {
    is_new_ = false;
    const std::string line = is_json_ ? DumpJson(JsonOf(picture_)) : LineOf(picture_);
    if (line == last_line_) return;
    fmt::print("{}\n", last_line_ = line);
    std::fflush(stdout);
  }

  int End() {
    Refresh();
    screen_.reset();
    if (is_json_)
      Print();
    else
      fmt::print("{}\n", LineOf(picture_));
    return EndingOf(picture_.status);
  }

  const Options& options_;
  rpc::Channel& channel_;
  const bool is_json_;
  std::optional<Screen> screen_;
  RunPicture picture_;
  bool is_new_ = false, may_see_clients_ = true;
  Clock::time_point refreshed_;
  std::string rounds_of_, last_line_;
};

Result<int> Run(const Options& options) {
  ASSIGN_OR_RETURN(const auto channel, OpenRemote(options.remote));
  CatchInterrupts();
  return Watch(options, *channel).Run();
}

}  // namespace

CommandBody AddWatch(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("RUN", options->run.value, "Id of the run").Required();
  AddRemoteOptions(line, &options->remote);
  line.Footer(
      "A picture of the run that is kept current. Where standard output is no terminal, a line for "
      "what has changed, at most one a second; with --format json one object a line. Ends when the "
      "run ends, with exit code 0 if it is complete and 1 if not. Ctrl-C ends the command and not "
      "the run. NO_COLOR=1 leaves colours out.\nExamples:\n  tributary watch flora-1\n"
      "  tributary watch flora-1 --format json | jq .figures.accuracy");
  return [options] { return Run(*options); };
}

}  // namespace tributary
