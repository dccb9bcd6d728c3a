#pragma once
// The coordinator's arithmetic: what FinishAggregate asks for, from spooled uploads to the next
// state. No model, no data, no libtorch; daemon and simulator run the same. One thread at a time.

#include <optional>

#include "aggregation/strategy/head_start.h"
#include "aggregation/strategy/round.h"
#include "aggregation/strategy/run_state.h"
#include "coordinator/core/event.h"
#include "coordinator/fold/spooled_updates.h"
#include "privacy/grid_sum.h"

namespace tributary::fold {

struct FoldPlan {
  strategy::AdapterSpec adapter;
  RankOf rank_of;
  int64_t labels = 0;
  strategy::RidgeOptions ridge;
  std::optional<privacy::CentralNoise> noise;  // central differential privacy
  int threads = 1;
};

class Folder {
 public:
  // `blobs` outlives the folder and keeps states; without `open`, uploads are there too. `noise` is
  // needed where the plan asks for it.
  Folder(FoldPlan plan, store::BlobStore& blobs, std::unique_ptr<privacy::NoiseSource> noise,
         OpenUpload open = {});

  // The state that round 0 starts from, put into the store: the given head, and the adapter where
  // it needs no statistics. `weights` by module, for start = "weight-svd".
  Result<Digest> PutStart(TensorMap head, const strategy::StartSources& sources);

  // Errors are the store's or the updates'; a stage whose aggregate cannot be made is a result
  // without a value, and `why` says why.
  Result<std::optional<coordinator::AggregateFinished>> Fold(
      const coordinator::FinishAggregate& command, std::string* why);

  Result<strategy::RunState> Open(const Digest& digest) const;
  const FoldPlan& plan() const { return plan_; }

 private:
  using Finished = coordinator::AggregateFinished;
  Status FoldTraining(const coordinator::FinishAggregate& command, strategy::RunState* state,
                      Finished* finished);
  Result<TensorMap> NoisedMean(const coordinator::FinishAggregate& command);
  Status FoldMoments(const coordinator::FinishAggregate& command, strategy::RunState* state);
  Status FoldGradients(const coordinator::FinishAggregate& command, strategy::RunState* state);
  Result<Finished> FoldEvaluation(const coordinator::FinishAggregate& command);
  Result<TensorMap> SumUploads(const coordinator::FinishAggregate& command, const Layout& layout);

  FoldPlan plan_;
  store::BlobStore& blobs_;
  OpenUpload open_;
  std::unique_ptr<privacy::NoiseSource> noise_;
};

// Layouts of the additive uploads (client/task/task_runner.h says what they hold).
Layout MomentsLayout(int64_t features, int64_t labels);
Layout GradientLayout(const strategy::AdapterSpec& spec);
Layout EvaluationLayout(int64_t labels);

// What an upload for this task must look like.
Layout UploadLayout(const FoldPlan& plan, const ClientId& client, const Task& task);
// The same of the values of an upload that is no update: finite, of a size that a sum can bear, and
// counts that can be counts. INVALID_ARGUMENT names the tensor.
Status CheckStatistic(const Layout& layout, const TensorViewMap& tensors);
int64_t UploadBytes(const FoldPlan& plan, const ClientId& client,
                    const Task& task);  // of its tensors

}  // namespace tributary::fold
