#pragma once
// Whether a run's journal, states and updates belong together: everything that can be made again is
// made again, and what cannot is said.

#include <filesystem>

#include "coordinator/daemon/run.h"

namespace tributary::daemon {

// What is known of a committed stage.
struct VerifiedStage {
  enum class How : uint8_t {
    kMadeAgain,  // from its updates, with equal bytes
    kKept,       // its bytes are those of its digest; why they were not made again is said
    kNotKept,    // nothing but the journal tells of it
  };
  Task task;
  int64_t updates = 0;
  How how = How::kNotKept;
  std::string why;
};
std::string_view Name(VerifiedStage::How how);

struct Verified {
  RunId run;
  int64_t records = 0, rounds = 0;
  std::vector<VerifiedStage> stages;
  int64_t Count(VerifiedStage::How how) const;
};

// `project` is a copy of a project's directory (coordinator/backup), which is written to. DATA_LOSS
// names the record, state or update that does not fit; NOT_FOUND a run that is not there.
Result<Verified> VerifyRun(const std::filesystem::path& project, const RunId& run, int threads);

}  // namespace tributary::daemon
