#pragma once
// Reading a state database with distrust: every record, snapshot and fact against its digest.

#include <functional>
#include <map>

#include "coordinator/store/chain.h"
#include "coordinator/store/sqlite.h"

namespace tributary::store {

struct RunHead {  // where a run's journal ends
  int64_t records = 0;
  Digest digest;
};
using RunHeads = std::map<std::string, RunHead, std::less<>>;

// Visits a run's records in order, numbered from 1, with the chain's digest after each. DATA_LOSS
// names the first record that is damaged or missing.
Status WalkJournal(const Database& database, const std::string& run, const RunHead& head,
                   const std::function<void(int64_t, const Digest&, std::string_view)>& visit);

// Everything in the database; DATA_LOSS names file, run, and record, snapshot or fact.
Result<RunHeads> VerifyDatabase(const Database& database);

}  // namespace tributary::store
