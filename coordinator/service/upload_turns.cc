#include "coordinator/service/upload_turns.h"

#include "coordinator/service/rate_limit.h"

namespace tributary::service {
namespace {

constexpr Duration kPatience = std::chrono::seconds(1);  // with a sender, while others wait

}  // namespace

UploadTurn::~UploadTurn() { turns_->Leave(this); }

void UploadTurn::Waits() { waits_since_ = SteadyNow().since_epoch.count(); }

std::shared_ptr<UploadTurns> UploadTurns::Make(size_t most) {
  return std::shared_ptr<UploadTurns>(new UploadTurns(most));
}

void UploadTurns::Take(Begin begin) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(begin));
  }
  BeginNext();
}

void UploadTurns::BeginNext() {
  for (;;) {
    auto turn = std::unique_ptr<UploadTurn>(new UploadTurn(shared_from_this()));
    Begin begin;
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.empty() || counted_ >= most_) {
        turn->counts_ = false;
        if (!waiting_.empty() && !looks_) LookLater();
      } else {
        ++counted_;
        given_.insert(turn.get());
        begin = std::move(waiting_.front());
        waiting_.pop_front();
      }
    }
    if (!begin) return;
    begin(std::move(turn));
  }
}

void UploadTurns::Leave(UploadTurn* turn) {
  {
    const std::scoped_lock lock(mutex_);
    if (given_.erase(turn) == 0) return;
    if (turn->counts_) --counted_;
  }
  BeginNext();
}

void UploadTurns::LookLater() {
  looks_ = true;
  const auto when = std::chrono::system_clock::now() + kPatience / 2;
  alarm_.Set(when, [turns = weak_from_this()](bool /*is_time*/) {
    if (const auto alive = turns.lock()) alive->LookForSlow();
  });
}

void UploadTurns::LookForSlow() {
  const int64_t now = SteadyNow().since_epoch.count();
  {
    const std::scoped_lock lock(mutex_);
    looks_ = false;
    for (UploadTurn* const turn : given_) {
      const int64_t since = turn->waits_since_;
      if (!turn->counts_ || since == 0 || now - since < kPatience.count()) continue;
      turn->counts_ = false;
      --counted_;
    }
  }
  BeginNext();
}

}  // namespace tributary::service
