#pragma once
// What the reactor of every stream here needs: it keeps itself until gRPC has let go and no call of
// ours is on its way, it ends once, it begins nothing after its end, and the gate can end it. Any
// thread may call.

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>
#include <utility>

#include "coordinator/service/gate.h"

namespace tributary::service {

template <typename Self, typename Base>
class Reactor : public Base, public OpenCall, public std::enable_shared_from_this<Self> {
 public:
  // Once, before gRPC learns of it. A caller that is not admitted is refused here; true: go on.
  bool Begin(Gate& gate, const Result<Caller>& caller, std::string_view method) {
    self_ = this->shared_from_this();
    gate_ = &gate;
    method_ = method;
    if (caller) caller_ = *caller;
    if (!caller) {
      End(caller.error());
      return false;
    }
    gate.Enter(*caller, self_);
    return true;
  }
  void End(const Error& why) override {
    const std::scoped_lock lock(mutex_);
    EndLocked(why);
  }
  void End() { End({Code::kOk, ""}); }
  // Ends it for what the caller has done, and counts that.
  void Refuse(Refusal reason, const Error& why) {
    {
      const std::scoped_lock lock(mutex_);
      if (is_ended_) return;
      gate_->refusals().Count(reason);
      EndLocked(why);
    }
    gate_->refusals().Tell(reason, caller_, method_, why);
  }
  void OnCancel() override { End({Code::kCancelled, "the call was cancelled"}); }
  void OnDone() override {
    gate_->Leave(this);
    const auto last = std::move(self_);  // may delete this at its end
  }

 protected:
  const Caller& caller() const { return caller_; }
  Gate& gate() const { return *gate_; }
  // With mutex_ held.
  void EndLocked(const Error& why) {
    if (!std::exchange(is_ended_, true)) this->Finish(ToGrpc(why));
  }
  // Calls `start`, which begins a read or a write, unless the call has ended.
  void IfOpen(auto&& start) {
    const std::scoped_lock lock(mutex_);
    if (!is_ended_) start();
  }
  std::mutex mutex_;
  bool is_ended_ = false;

 private:
  Gate* gate_ = nullptr;
  Caller caller_;
  std::string_view method_;
  std::shared_ptr<Self> self_;
};

}  // namespace tributary::service
