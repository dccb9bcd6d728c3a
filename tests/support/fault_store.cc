#include "tests/support/fault_store.h"

namespace tributary::store {

Status FaultStore::CheckAlive() const {
  if (crashed())
    return MakeError(Code::kAborted,
                     "fault store: the process has ended, Restart() starts the next");
  return {};
}

Status FaultStore::Change(std::function<Status()> change) {
  RETURN_IF_ERROR(CheckAlive());
  const double refuse = random_.Uniform();
  const double crash = random_.Uniform();
  if (refuse < faults_.refuse)
    return MakeError(Code::kResourceExhausted, "fault store: the disk is full");
  if (crash >= faults_.crash) return change();
  interrupted_ = std::move(change);
  return CheckAlive();
}

void FaultStore::Restart() {
  notice_.clear();
  if (!crashed()) return;
  enum class Found { kWhole, kTorn, kForgotten };
  const auto found = static_cast<Found>(random_.Below(3));
  if (found == Found::kWhole) [[maybe_unused]]
    const Status unheard = interrupted_();  // its answer found nobody
  if (found == Found::kTorn)
    notice_ = "fault store: dropped an unfinished change that was never acknowledged";
  interrupted_ = nullptr;
}

Result<Recovered> FaultStore::Recover(const RunId& run) {
  RETURN_IF_ERROR(CheckAlive());
  ASSIGN_OR_RETURN(Recovered recovered, disk_.Recover(run));
  recovered.notice = notice_;
  return recovered;
}

Status FaultStore::Append(const RunId& run, std::span<const std::string> records) {
  return Change([this, run, copy = std::vector<std::string>(records.begin(), records.end())] {
    return disk_.Append(run, copy);
  });
}
Status FaultStore::WriteSnapshot(const RunId& run, std::string_view snapshot) {
  return Change(
      [this, run, copy = std::string(snapshot)] { return disk_.WriteSnapshot(run, copy); });
}
Status FaultStore::Put(const RunId& run, std::string_view key, std::string_view value) {
  return Change(
      [this, run, k = std::string(key), v = std::string(value)] { return disk_.Put(run, k, v); });
}
Result<std::optional<std::string>> FaultStore::Get(const RunId& run, std::string_view key) {
  RETURN_IF_ERROR(CheckAlive());
  return disk_.Get(run, key);
}
Result<Facts> FaultStore::List(const RunId& run, std::string_view prefix) {
  RETURN_IF_ERROR(CheckAlive());
  return disk_.List(run, prefix);
}
Result<std::vector<RunId>> FaultStore::Runs() {
  RETURN_IF_ERROR(CheckAlive());
  return disk_.Runs();
}

}  // namespace tributary::store
