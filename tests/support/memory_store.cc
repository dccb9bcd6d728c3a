#include "tests/support/memory_store.h"

namespace tributary::store {

Result<Recovered> MemoryStore::Recover(const RunId& run) {
  RETURN_IF_ERROR(CheckName("run", run.value));
  const std::scoped_lock lock(mutex_);
  const auto it = content_->find(run.value);
  if (it == content_->end()) return Recovered{};
  const auto& records = it->second.records;
  return Recovered{
      it->second.snapshot,
      {records.begin() + static_cast<std::ptrdiff_t>(it->second.through), records.end()},
      {}};
}

Status MemoryStore::Append(const RunId& run, std::span<const std::string> records) {
  RETURN_IF_ERROR(CheckRecords(run, records));
  if (records.empty()) return {};
  const std::scoped_lock lock(mutex_);
  auto& journal = (*content_)[run.value].records;
  journal.insert(journal.end(), records.begin(), records.end());
  return {};
}

Status MemoryStore::WriteSnapshot(const RunId& run, std::string_view snapshot) {
  RETURN_IF_ERROR(CheckSnapshot(run, snapshot));
  const std::scoped_lock lock(mutex_);
  Run& it = (*content_)[run.value];
  it.snapshot = snapshot;
  it.through = it.records.size();
  return {};
}

Status MemoryStore::Put(const RunId& run, std::string_view key, std::string_view value) {
  RETURN_IF_ERROR(CheckFact(run, key, value));
  const std::scoped_lock lock(mutex_);
  (*content_)[run.value].facts.insert_or_assign(std::string(key), std::string(value));
  return {};
}

Result<std::optional<std::string>> MemoryStore::Get(const RunId& run, std::string_view key) {
  RETURN_IF_ERROR(CheckFact(run, key, {}));
  const std::scoped_lock lock(mutex_);
  const auto it = content_->find(run.value);
  if (it == content_->end()) return std::optional<std::string>();
  const auto fact = it->second.facts.find(key);
  return fact == it->second.facts.end() ? std::optional<std::string>() : fact->second;
}

Result<Facts> MemoryStore::List(const RunId& run, std::string_view prefix) {
  RETURN_IF_ERROR(CheckName("run", run.value));
  const std::scoped_lock lock(mutex_);
  Facts facts;
  if (const auto it = content_->find(run.value); it != content_->end())
    for (const auto& [key, value] : it->second.facts)
      if (key.starts_with(prefix)) facts.emplace(key, value);
  return facts;
}

Result<std::vector<RunId>> MemoryStore::Runs() {
  const std::scoped_lock lock(mutex_);
  std::vector<RunId> runs;
  for (const auto& [name, run] : *content_) runs.push_back(RunId{name});
  return runs;
}

}  // namespace tributary::store
