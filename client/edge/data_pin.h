#pragma once
// Which data a run is trained on: the digests of the site's data files are pinned at its first
// task, and a file that has changed since then is not used until somebody at the site confirms it.

#include <map>

#include "client/edge/settings.h"
#include "coordinator/store/state_store.h"

namespace tributary::edge {

// By key of the configuration ("data.train"), in hexadecimal digits.
using DataDigests = std::map<std::string, std::string>;

// The digests of files, which are read again only when their size or time of change is another.
// One thread.
class DataFiles {
 public:
  explicit DataFiles(const DataSettings& settings) : settings_(settings) {}
  Result<DataDigests> Digests();  // of those that the configuration names

 private:
  struct Seen {
    uintmax_t size = 0;
    std::filesystem::file_time_type changed;
    std::string digest;
  };
  const DataSettings& settings_;
  std::map<std::filesystem::path, Seen> seen_;
};

// Kept with the run's facts. Any thread; the store is.
class DataPin {
 public:
  explicit DataPin(store::StateStore& store) : store_(store) {}

  // Pins them where nothing is pinned yet. Else what differs, for people; empty if nothing does.
  // Digests that differ are remembered, for Confirm.
  Result<std::string> Check(const RunId& run, const DataDigests& digests);
  // The data that differed last is the run's from now on, and no other. True if any had.
  Result<bool> Confirm(const RunId& run);

 private:
  store::StateStore& store_;
};

}  // namespace tributary::edge
