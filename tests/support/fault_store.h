#pragma once
// A StateStore on a bad disk under a process that dies, for tests and the fault simulation. A
// change may be refused (RESOURCE_EXHAUSTED, nothing changed), or the process may end inside it:
// then this store answers ABORTED to everything until Restart(), which shows what the next process
// finds: the interrupted change whole (it was durable, its OK was never heard), torn and dropped
// with a notice, or forgotten without trace. What was acknowledged is always there. One thread at a
// time. Equal seeds give equal faults.

#include <functional>

#include "aggregation/base/random.h"
#include "tests/support/memory_store.h"

namespace tributary::store {

struct StoreFaults {
  double refuse = 0;  // probability per change
  double crash = 0;   // probability per change
};

class FaultStore : public StateStore {
 public:
  FaultStore(
      Random random, StoreFaults faults,
      std::shared_ptr<MemoryStore::Content> content = std::make_shared<MemoryStore::Content>())
      : random_(random), faults_(faults), disk_(std::move(content)) {}

  void set_faults(StoreFaults faults) { faults_ = faults; }
  bool crashed() const { return static_cast<bool>(interrupted_); }
  void Restart();

  Result<Recovered> Recover(const RunId& run) override;
  Status Append(const RunId& run, std::span<const std::string> records) override;
  Status WriteSnapshot(const RunId& run, std::string_view snapshot) override;
  Status Put(const RunId& run, std::string_view key, std::string_view value) override;
  Result<std::optional<std::string>> Get(const RunId& run, std::string_view key) override;
  Result<Facts> List(const RunId& run, std::string_view prefix) override;
  Result<std::vector<RunId>> Runs() override;

 private:
  Status Change(std::function<Status()> change);
  Status CheckAlive() const;

  Random random_;
  StoreFaults faults_;
  MemoryStore disk_;
  std::function<Status()> interrupted_;
  std::string notice_;
};

}  // namespace tributary::store
