#include "coordinator/command/following.h"

#include <algorithm>
#include <cstdio>

#include "deploy/command.h"

namespace tributary {
namespace {

constexpr size_t kMostHeard = 256;  // documents that wait to be taken
constexpr Duration kFirstPause = std::chrono::milliseconds(250), kLongestPause{5'000'000};

// A coordinator that stops, or is killed, or is asked too often.
bool MayComeBack(Code code) {
  return code == Code::kUnavailable || code == Code::kCancelled || code == Code::kResourceExhausted;
}

}  // namespace

Following::Following(rpc::Channel& channel, std::string method, Ask ask)
    : channel_(channel),
      method_(std::move(method)),
      ask_(std::move(ask)),
      thread_([this] { Run(); }) {}

Following::~Following() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
    if (stream_ != nullptr) stream_->Cancel();
    changed_.notify_all();
  }
  thread_.join();
}

Result<Following::Heard> Following::Next(Duration patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return !heard_.empty() || failed_; });
  if (!heard_.empty()) {
    Heard heard = std::move(heard_.front());
    heard_.pop_front();
    changed_.notify_all();
    return heard;
  }
  if (failed_) return tl::unexpected(*failed_);
  return Heard{};
}

// False once nobody listens any more.
bool Following::Say(Heard heard) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return heard_.size() < kMostHeard || is_stopping_; });
  if (is_stopping_) return false;
  heard_.push_back(std::move(heard));
  changed_.notify_all();
  return true;
}

bool Following::Sleep(Duration duration) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, duration, [this] { return is_stopping_; });
}

Status Following::Follow() {
  const std::unique_ptr<rpc::Stream> stream = channel_.Open(method_);
  {
    const std::scoped_lock lock(mutex_);
    if (is_stopping_) return {};
    stream_ = stream.get();
  }
  ask_(*stream);
  Status status;
  for (;;) {
    auto document = stream->Read<proto::Document>();
    if (!document) {
      status = tl::unexpected(document.error());
      break;
    }
    if (!*document) break;
    if (std::exchange(is_lost_, false) && !Say({Heard::kBack, ""})) break;
    was_heard_ = true;
    if (!Say({Heard::kDocument, std::move((*document)->json.value)})) break;
  }
  {
    const std::scoped_lock lock(mutex_);
    stream_ = nullptr;
    if (is_stopping_) stream->Cancel();
  }
  return status ? stream->Finish() : status;
}

void SayLink(const Following::Heard& heard) {
  if (heard.what == Following::Heard::kLost)
    fmt::print(stderr, "the coordinator does not answer: {}; trying again\n", heard.text);
  if (heard.what == Following::Heard::kBack) fmt::print(stderr, "the coordinator is back\n");
}

int SayItGoesOn(const RunId& run, std::string_view command) {
  fmt::print(stderr, "interrupted; the run goes on. To look again: tributary {} {}\n", command,
             run.value);
  return kInterrupted;
}

void Following::Run() {
  for (Duration pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    const Status status = Follow();
    if (status) {
      Say({Heard::kEnd, ""});
      return;
    }
    const Error& error = status.error();
    if (!was_heard_ || !MayComeBack(error.code)) {
      const std::scoped_lock lock(mutex_);
      failed_ = error;
      changed_.notify_all();
      return;
    }
    if (!std::exchange(is_lost_, true)) {
      pause = kFirstPause;
      if (!Say({Heard::kLost, error.message})) return;
    }
    if (!Sleep(pause)) return;
  }
}

}  // namespace tributary
