#pragma once
// One run of a coordinator: its machine, its journal and the effects that its machine asks for.
// Owned by the driver's thread. Effects that take long (folding, looking at an upload) are asked of
// `Effects` and come back as calls; whoever makes them finds out by `generation` whether the run
// still is the one that asked.
//
// When the store or a disk fails the run halts: its machine is dropped, since what it decided may
// not be durable, and made again from the journal at `retry_at`. Nothing is lost but time.

#include <functional>
#include <memory>

#include "coordinator/core/coordinator.h"
#include "coordinator/daemon/observer.h"
#include "coordinator/daemon/retention.h"
#include "coordinator/daemon/submission.h"
#include "coordinator/fold/folder.h"
#include "coordinator/report/run_view.h"
#include "coordinator/store/blob_store.h"
#include "coordinator/store/state_store.h"
#include "coordinator/store/upload_store.h"

namespace tributary::daemon {

// What a run asks of its surroundings. Never blocks.
class Effects {
 public:
  virtual ~Effects() = default;
  virtual void Send(const ClientId& client, proto::CoordinatorBody message) = 0;
  virtual void Fold(Run& run, const coordinator::FinishAggregate& command) = 0;
  virtual void Changed(Run& run) = 0;  // something that a status shows
  virtual Observer& observer() = 0;
  // A named point at which tests may end the process, so that recovery is proved at every one.
  virtual void Point(std::string_view name) = 0;
};

struct RunStores {
  store::StateStore* states = nullptr;
  store::UploadStore* uploads = nullptr;
  std::unique_ptr<store::BlobStore> blobs;  // of this run alone: its states
  std::unique_ptr<store::BlobStore> views;  // what clients fetch of them, made when it is asked for
};

using TagsOf = std::function<Tags(const ClientId&)>;

// The arithmetic of a run. Setup and stores outlive it.
Result<std::unique_ptr<fold::Folder>> OpenFolder(const RunSetup& setup, TagsOf tags_of,
                                                 store::BlobStore& blobs,
                                                 const store::UploadStore& uploads, int threads);
class Run {
 public:
  // `threads` fold. Errors: the stores', or a journal that cannot be.
  static Result<std::unique_ptr<Run>> Open(RunSetup setup, RunStores stores, TagsOf tags_of,
                                           int threads, Retention retention, Effects& effects,
                                           TimePoint now);

  // The clients that may take part, and those of them that are connected; after Open and whenever
  // a halted run goes on.
  void Populate(TimePoint now, std::vector<ClientId> enrolled, std::vector<ClientId> connected);

  void Step(TimePoint now, const coordinator::Event& event);
  void OnFolded(TimePoint now, int64_t sequence,
                Result<std::optional<coordinator::AggregateFinished>> result,
                const std::string& why);
  std::optional<TimePoint> NextDeadline() const;
  // At a deadline; goes on where the run has halted. True if it needs Populate.
  bool OnTime(TimePoint now);

  const RunSetup& setup() const { return setup_; }
  const coordinator::State* state() const { return core_ ? &core_->state() : nullptr; }
  const std::vector<coordinator::Record>& records() const { return records_; }
  const std::string& halted() const { return halted_; }  // why; empty: it runs
  Status CheckLive() const;                              // UNAVAILABLE while it is halted
  const std::string& last_fault() const { return last_fault_; }
  int64_t late() const { return core_ ? core_->refused_offers() : 0; }
  int64_t seen() const { return core_ ? core_->seen() : 0; }
  bool is_finished() const;
  fold::Folder& folder() { return *folder_; }
  store::BlobStore& blobs() { return *stores_.blobs; }
  store::BlobStore& views() { return *stores_.views; }
  store::UploadStore& uploads() { return *stores_.uploads; }
  int64_t generation() const { return generation_; }
  void SetLastFault(std::string fault) { last_fault_ = std::move(fault); }

  // The task that this client has still to report, if there is one.
  std::optional<Task> PendingTask(const ClientId& client) const;
  report::RunFacts Facts(std::span<const ClientId> clients) const;

 private:
  Run(RunSetup setup, RunStores stores, TagsOf tags_of, Retention retention, Effects& effects)
      : setup_(std::move(setup)),
        stores_(std::move(stores)),
        tags_of_(std::move(tags_of)),
        retention_(std::move(retention)),
        effects_(effects) {}

  Status Prepare(int threads);
  Status Recover(TimePoint now);
  Status CheckBlobs() const;
  Status CarryOutReady();
  Status Persist(std::span<const coordinator::Record> records);
  Status CarryOut(const coordinator::Command& command);
  Status DropUploads(int64_t before);
  Status DropStates();
  void Halt(TimePoint now, const Error& error);

  const RunSetup setup_;
  RunStores stores_;
  const TagsOf tags_of_;
  const Retention retention_;
  Effects& effects_;
  std::unique_ptr<fold::Folder> folder_;
  coordinator::RunPlan plan_;
  std::optional<coordinator::Coordinator> core_;
  std::vector<coordinator::Record> records_;
  std::string halted_, last_fault_;
  TimePoint retry_at_;
  int64_t generation_ = 0;
};

}  // namespace tributary::daemon
