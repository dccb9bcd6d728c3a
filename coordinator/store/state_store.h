#pragma once
// What a coordinator must not forget: per run, a journal of records, the newest snapshot, and a few
// named facts (plan digest, run.toml, schema versions). Records and snapshots are opaque bytes
// here; the core writes and reads them.
//
// A run exists from its first Append, WriteSnapshot or Put; recovering an unknown run gives
// nothing. Every change is durable when its call returns OK, and happens whole or not at all. A
// failed call changes nothing; RESOURCE_EXHAUSTED (a full disk) may be tried again, after any other
// failed change the store refuses work until it is opened anew. A change that a crash interrupted
// was never acknowledged and is found whole or not at all. Any thread may call; calls are served
// one after another.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/base/ids.h"
#include "aggregation/base/status.h"

namespace tributary::store {

// Limits; beyond them a call is INVALID_ARGUMENT.
inline constexpr size_t kMaxName = 200;         // bytes of a run's or a fact's name
inline constexpr size_t kMaxRecord = 16 << 20;  // bytes of one record or one fact
inline constexpr size_t kMaxRecordsPerAppend = 1 << 16;
inline constexpr size_t kMaxSnapshot = 256 << 20;  // bytes

struct Recovered {
  std::optional<std::string> snapshot;  // the newest
  std::vector<std::string> records;     // those appended after it, in order
  std::string notice;  // what opening the store had to drop, for people; empty as a rule
};

using Facts = std::map<std::string, std::string, std::less<>>;

class StateStore {
 public:
  virtual ~StateStore() = default;

  virtual Result<Recovered> Recover(const RunId& run) = 0;
  virtual Status Append(const RunId& run, std::span<const std::string> records) = 0;
  // The run's state after everything appended so far; replaces an earlier snapshot.
  virtual Status WriteSnapshot(const RunId& run, std::string_view snapshot) = 0;

  virtual Status Put(const RunId& run, std::string_view key,
                     std::string_view value) = 0;  // replaces
  virtual Result<std::optional<std::string>> Get(const RunId& run, std::string_view key) = 0;
  // The facts whose names begin with `prefix` (any, if it is empty), in the order of their names'
  // bytes.
  virtual Result<Facts> List(const RunId& run, std::string_view prefix) = 0;

  virtual Result<std::vector<RunId>> Runs() = 0;  // in the order of their names' bytes
};

// The limits above, for every implementation alike. Names are 1 to kMaxName bytes, none of them a
// control character.
Status CheckName(std::string_view what, std::string_view name);
Status CheckRecords(const RunId& run, std::span<const std::string> records);
Status CheckSnapshot(const RunId& run, std::string_view snapshot);
Status CheckFact(const RunId& run, std::string_view key, std::string_view value);

}  // namespace tributary::store
