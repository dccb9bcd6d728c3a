#include "coordinator/daemon/verify.h"

#include <algorithm>

#include "coordinator/core/text.h"
#include "coordinator/daemon/registry.h"
#include "coordinator/store/sqlite_store.h"

namespace tributary::daemon {
namespace {

using namespace coordinator;  // NOLINT: records and state
using How = VerifiedStage::How;

// Goes through the journal and has at each commit what it was made from.
class Walk {
 public:
  Walk(const RunSetup& setup, RunPlan plan, const store::BlobStore& blobs,
       const store::UploadStore& uploads, fold::Folder& folder)
      : setup_(setup), plan_(std::move(plan)), blobs_(blobs), uploads_(uploads), folder_(folder) {}

  Status Take(const Record& record) {
    if (const auto* committed = std::get_if<StageCommitted>(&record)) {
      const Stage* stage = state_.OpenStage();
      if (stage != nullptr) {
        ASSIGN_OR_RETURN(VerifiedStage verified, Look(*stage, *committed));
        stages_.push_back(std::move(verified));
      }
    }
    return state_.Apply(plan_, record);
  }
  std::vector<VerifiedStage> stages() && { return std::move(stages_); }

 private:
  Result<VerifiedStage> Look(const Stage& stage, const StageCommitted& committed) {
    VerifiedStage verified{stage.task, stage.accepted, How::kNotKept, ""};
    const bool is_state = Traits(stage.task.kind).changes_checkpoint;
    if (is_state) {
      // Before it is made again, which would mend it.
      const auto blob = blobs_.Open(committed.digest);
      if (!blob && blob.error().code != Code::kNotFound) return tl::unexpected(blob.error());
      if (blob) verified.how = How::kKept;
    }
    verified.why = WhyNot(stage);
    if (!verified.why.empty()) return verified;
    std::string why;
    ASSIGN_OR_RETURN(const auto made, folder_.Fold(AggregateOf(stage), &why));
    if (!made) return Differs(stage, "cannot be made: " + why);
    if (made->digest != committed.digest)
      return Differs(stage, fmt::format("its updates give {}, and the journal says {}",
                                        made->digest.Hex(), committed.digest.Hex()));
    if (made->rows != committed.rows || made->correct != committed.correct)
      return Differs(stage,
                     fmt::format("its updates give {} of {} rows right, and the journal {} "
                                 "of {}",
                                 made->correct, made->rows, committed.correct, committed.rows));
    verified.how = How::kMadeAgain;
    return verified;
  }

  // Why a stage cannot be made again; empty: it can.
  std::string WhyNot(const Stage& stage) const {
    if (plan_.privacy && setup_.config.privacy.noise != "seeded")
      return "its noise is not kept, so that nobody can take it off";
    for (const Member& member : stage.members)
      if (member.outcome == Reason::kAccepted &&
          !uploads_.Contains(setup_.id, stage.task.sequence, member.client, member.digest))
        return "its updates are not kept";
    if (!blobs_.Contains(stage.task.checkpoint)) return "the state before it is not kept";
    return "";
  }

  static tl::unexpected<Error> Differs(const Stage& stage, const std::string& why) {
    return MakeError(Code::kDataLoss, "stage {} (round {}, {}): {}", stage.task.sequence,
                     stage.task.round, Name(stage.task.kind), why);
  }

  const RunSetup& setup_;
  const RunPlan plan_;
  const store::BlobStore& blobs_;
  const store::UploadStore& uploads_;
  fold::Folder& folder_;
  State state_;
  std::vector<VerifiedStage> stages_;
};

Result<RunSetup> SetupOf(store::StateStore& states, const RunId& run) {
  ASSIGN_OR_RETURN(const auto submission, states.Get(run, kSubmission));
  if (!submission) return MakeError(Code::kNotFound, "there is no run {}", run.value);
  return RunSetupFromJson(run, *submission);
}

}  // namespace

std::string_view Name(How how) {
  constexpr std::string_view kNames[] = {"made_again", "kept", "not_kept"};
  return kNames[static_cast<size_t>(how)];
}

int64_t Verified::Count(How how) const {
  return std::count_if(stages.begin(), stages.end(),
                       [how](const VerifiedStage& stage) { return stage.how == how; });
}

Result<Verified> VerifyRun(const std::filesystem::path& project, const RunId& run, int threads) {
  ASSIGN_OR_RETURN(const auto states, store::OpenSqliteStore(project / "state.db"));
  ASSIGN_OR_RETURN(const RunSetup setup, SetupOf(*states, run));
  ASSIGN_OR_RETURN(const store::Recovered recovered, states->Recover(run));
  ASSIGN_OR_RETURN(const auto records, RecordsFromTexts(recovered.records));
  ASSIGN_OR_RETURN(const Registry registry, Registry::Open(*states));
  ASSIGN_OR_RETURN(const auto uploads, store::UploadStore::Open(project / "uploads"));
  ASSIGN_OR_RETURN(const auto blobs,
                   store::OpenDiskBlobStore(project / "runs" / run.value / "blobs"));
  const auto tags_of = [&registry](const ClientId& client) {
    const Client* found = registry.Find(client);
    return found == nullptr ? Tags() : found->tags;
  };
  ASSIGN_OR_RETURN(const auto folder, OpenFolder(setup, tags_of, *blobs, *uploads, threads));
  RunPlan plan = setup.plan.run;
  ASSIGN_OR_RETURN(plan.start_checkpoint, plan::PutStart(*folder, setup.config, {}));
  Walk walk(setup, std::move(plan), *blobs, *uploads, *folder);
  for (size_t i = 0; i < records.size(); ++i)
    if (const Status fits = walk.Take(records[i]); !fits)
      return Annotate(fits.error(), fmt::format("run {}, record {}", run.value, i + 1));
  return Verified{run, static_cast<int64_t>(records.size()), setup.config.federation.rounds,
                  std::move(walk).stages()};
}

}  // namespace tributary::daemon
