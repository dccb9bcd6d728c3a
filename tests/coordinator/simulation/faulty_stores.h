#pragma once
// The stores of both ends on bad disks: a synthetic federation whose journal is a FaultStore's, and
// a FaultStore for each client. Faults happen while `has_faults` says so.

#include <functional>

#include "coordinator/core/text.h"
#include "coordinator/simulation/synthetic.h"
#include "tests/support/fault_store.h"

namespace tributary::simulation {

// One journal, whose process may end inside an append: what is loaded next is by another process.
class FaultyJournal {
 public:
  FaultyJournal(Random random, store::StoreFaults faults)
      : store_(random, faults, content_), faults_(faults) {}

  template <typename Record>
  Status Append(std::span<const Record> records, bool has_faults) {
    store_.set_faults(has_faults ? faults_ : store::StoreFaults{});
    std::vector<std::string> texts;
    for (const Record& record : records) texts.push_back(ToText(record));
    Status kept = store_.Append(kRun, texts);
    if (!kept) ++(kept.error().code == Code::kResourceExhausted ? refused_ : ended_);
    return kept;
  }
  Result<std::vector<std::string>> Load() {
    store_.Restart();
    ASSIGN_OR_RETURN(store::Recovered recovered, store_.Recover(kRun));
    if (!recovered.notice.empty()) ++torn_;
    return std::move(recovered.records);
  }

  const std::vector<std::string>& records() const { return (*content_)[kRun.value].records; }
  int64_t refused() const { return refused_; }
  int64_t ended() const { return ended_; }
  int64_t torn() const { return torn_; }

 private:
  inline static const RunId kRun{"run"};
  std::shared_ptr<store::MemoryStore::Content> content_ =
      std::make_shared<store::MemoryStore::Content>();
  store::FaultStore store_;
  store::StoreFaults faults_;
  int64_t refused_ = 0, ended_ = 0, torn_ = 0;
};

class StoredFederation : public SyntheticFederation {
 public:
  StoredFederation(SyntheticOptions options, store::StoreFaults faults,
                   std::function<bool()> has_faults)
      : SyntheticFederation(options),
        disk_(Random(options.seed, "coordinator's disk"), faults),
        has_faults_(std::move(has_faults)) {}

  Status Persist(std::span<const coordinator::Record> records) override {
    return disk_.Append(records, has_faults_());
  }
  Result<std::vector<coordinator::Record>> Load() override {
    ASSIGN_OR_RETURN(const std::vector<std::string> texts, disk_.Load());
    return coordinator::RecordsFromTexts(texts);
  }
  const FaultyJournal& disk() const { return disk_; }

 private:
  FaultyJournal disk_;
  const std::function<bool()> has_faults_;
};

class StoredJournals : public ClientJournals {
 public:
  StoredJournals(uint64_t seed, store::StoreFaults faults, std::function<bool()> has_faults)
      : seed_(seed), faults_(faults), has_faults_(std::move(has_faults)) {}

  Status Append(const ClientId& client, std::span<const client::Record> records) override {
    return Of(client).Append(records, has_faults_());
  }
  Result<std::vector<client::Record>> Load(const ClientId& client) override {
    ASSIGN_OR_RETURN(const std::vector<std::string> texts, Of(client).Load());
    std::vector<client::Record> records;
    for (const std::string& text : texts) {
      ASSIGN_OR_RETURN(client::Record record, client::RecordFromText(text));
      records.push_back(std::move(record));
    }
    return records;
  }
  const std::map<ClientId, FaultyJournal>& all() const { return journals_; }

 private:
  FaultyJournal& Of(const ClientId& client) {
    return journals_.try_emplace(client, Random(seed_, "client's disk", {client.value}), faults_)
        .first->second;
  }

  const uint64_t seed_;
  const store::StoreFaults faults_;
  const std::function<bool()> has_faults_;
  std::map<ClientId, FaultyJournal> journals_;
};

}  // namespace tributary::simulation
