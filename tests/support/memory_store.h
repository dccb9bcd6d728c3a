#pragma once
// A StateStore in memory, for tests. What it keeps lives in `Content`, so a store can be closed and
// opened again over the same content.

#include <map>
#include <memory>
#include <mutex>

#include "coordinator/store/state_store.h"

namespace tributary::store {

class MemoryStore : public StateStore {
 public:
  struct Run {
    std::vector<std::string> records;
    std::optional<std::string> snapshot;
    size_t through = 0;
    std::map<std::string, std::string, std::less<>> facts;
    bool operator==(const Run&) const = default;
  };
  using Content = std::map<std::string, Run, std::less<>>;

  explicit MemoryStore(std::shared_ptr<Content> content = std::make_shared<Content>())
      : content_(std::move(content)) {}

  Result<Recovered> Recover(const RunId& run) override;
  Status Append(const RunId& run, std::span<const std::string> records) override;
  Status WriteSnapshot(const RunId& run, std::string_view snapshot) override;
  Status Put(const RunId& run, std::string_view key, std::string_view value) override;
  Result<std::optional<std::string>> Get(const RunId& run, std::string_view key) override;
  Result<Facts> List(const RunId& run, std::string_view prefix) override;
  Result<std::vector<RunId>> Runs() override;

 private:
  std::mutex mutex_;
  std::shared_ptr<Content> content_;
};

}  // namespace tributary::store
