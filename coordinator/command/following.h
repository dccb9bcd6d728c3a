#pragma once
// A stream of documents from a coordinator that outlives the coordinator's restarts.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "proto/rpc/channel.h"

namespace tributary {

class Following {
 public:
  struct Heard {
    enum What { kNothing, kDocument, kLost, kBack, kEnd } what = kNothing;
    std::string text;  // the document; why the connection was lost
  };
  using Ask = std::function<void(rpc::Stream& stream)>;

  // Begins; `ask` says what is wanted, again after every loss, on a thread of its own. The channel
  // and what `ask` uses outlive the object.
  Following(rpc::Channel& channel, std::string method, Ask ask);
  ~Following();  // breaks the stream off

  // Waits for at most `patience`. An error: the coordinator was never reached, or it refused; then
  // nothing more comes. After kEnd nothing comes either. One thread.
  Result<Heard> Next(Duration patience);

 private:
  void Run();
  Status Follow();  // one stream, to its end
  bool Say(Heard heard);
  bool Sleep(Duration duration);

  rpc::Channel& channel_;
  const std::string method_;
  const Ask ask_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Heard> heard_;
  std::optional<Error> failed_;
  rpc::Stream* stream_ = nullptr;  // that is open now
  bool is_stopping_ = false;
  bool was_heard_ = false, is_lost_ = false;  // the thread's own
  std::thread thread_;
};

// --- for commands that follow ---

inline constexpr Duration kGlance = std::chrono::milliseconds(200);  // between looks at Ctrl-C

// On standard error: that the connection was lost, that it is back; else nothing.
void SayLink(const Following::Heard& heard);
// After Ctrl-C: that the run does not end with the command. Gives the exit code.
int SayItGoesOn(const RunId& run, std::string_view command);

}  // namespace tributary
