#include "client/edge/dry_run.h"

#include "aggregation/strategy/head_start.h"
#include "aggregation/strategy/run_state.h"
#include "aggregation/strategy/state.h"
#include "aggregation/tensor/safetensors.h"

namespace tributary::edge {
namespace {

bool StartsFromGradient(const client::TaskPlan& tasks) {
  return strategy::InputOf(tasks.adapter) == strategy::StartInput::kGradient;
}

std::vector<TaskKind> KindsOf(const Site& site) {
  std::vector<TaskKind> kinds;
  if (site.config.federation.head_start == "ridge") kinds.push_back(TaskKind::kFeatureMoments);
  const bool has_start = !StartsFromGradient(site.tasks);
  if (!has_start && strategy::StartOf(site.tasks.adapter) != "public-gradient")
    kinds.push_back(TaskKind::kGradientSum);
  kinds.push_back(TaskKind::kTrain);
  if (site.config.evaluation.on != "test") kinds.push_back(TaskKind::kEvaluate);
  return kinds;
}

// What a coordinator would give out before the first round.
Result<client::TaskStart> StartOf(const Site& site, int64_t rank) {
  const strategy::AdapterSpec& spec = site.tasks.adapter;
  strategy::RunState state;
  TensorMap head = strategy::RandomHead(spec.head, site.config.InitSeed());
  if (StartsFromGradient(site.tasks)) {
    state.head = std::move(head);
  } else {
    ASSIGN_OR_RETURN(state.adapter, strategy::InitialState(spec, head, {}));
  }
  ASSIGN_OR_RETURN(
      strategy::ClientCheckpoint opened,
      strategy::OpenClientTensors(spec, rank, strategy::ClientTensors(spec, state, rank)));
  // Nobody else's rows are known here.
  std::vector<double> counts(static_cast<size_t>(site.tasks.labels), 1.0);
  return client::TaskStart{
      std::move(opened.head), std::move(opened.checkpoint), std::move(counts), {}};
}

bool WouldBeDone(const Verdict& verdict) {  // sooner or later
  return verdict.is_accepted || verdict.standing == client::Standing::kPending ||
         verdict.standing == client::Standing::kClosed;
}

class Preview {
 public:
  Preview(const Settings& settings, const Site& site, const client::TaskStart& start)
      : settings_(settings), site_(site), start_(start), one_step_(site.tasks) {
    one_step_.training.max_steps = 1;
  }

  Result<TaskPreview> Of(TaskKind kind) const {
    const int64_t rank = site_.config.adapter.rank;
    const client::SiteData data = site_.DataFor(settings_.name, rank, kind);
    TaskPreview preview{kind};
    if (kind == TaskKind::kTrain)
      preview.steps =
          client::StepCount(site_.tasks.training, static_cast<int64_t>(data.train.size()));
    preview.verdict = Decide(settings_.policy, {site_.config, kind, rank, preview.steps, false,
                                                MinuteOfDay(settings_.policy)});
    const bool needs_start = kind == TaskKind::kTrain || kind == TaskKind::kEvaluate;
    if (!WouldBeDone(preview.verdict) || (needs_start && start_.checkpoint == nullptr))
      return preview;
    const Task task{1, kind, kind == TaskKind::kTrain ? 1 : 0, 0, {}, {}};
    ASSIGN_OR_RETURN(client::TaskResult result,
                     client::RunTask(*site_.model, one_step_, data, start_, task,
                                     static_cast<int>(settings_.threads), {}));
    preview.is_previewed = true;
    preview.bytes = static_cast<int64_t>(SerializeSafetensors(result.upload).size());
    preview.upload = std::move(result.upload);
    preview.weight = result.weight;
    preview.metrics = Allowed(settings_.policy, std::move(result.metrics));
    return preview;
  }

 private:
  const Settings& settings_;
  const Site& site_;
  const client::TaskStart& start_;
  client::TaskPlan one_step_;
};

}  // namespace

Result<DryRun> TryPlan(const Settings& settings, const config::Config& plan) {
  if (plan.model.digest.empty() || plan.model.labels.empty())
    return MakeError(Code::kFailedPrecondition,
                     "the plan lacks model.digest or model.labels, without which no coordinator "
                     "takes it; `tributary check` prints them");
  DryRun run;
  DataFiles files(settings.data);
  ASSIGN_OR_RETURN(run.data, files.Digests());
  ASSIGN_OR_RETURN(const auto site, LoadSite(settings, settings.name, plan));
  run.rows = static_cast<int64_t>(site->train.size());
  run.held_out = static_cast<int64_t>(site->held_out.size());
  ASSIGN_OR_RETURN(const client::TaskStart start, StartOf(*site, plan.adapter.rank));
  const Preview preview(settings, *site, start);
  for (const TaskKind kind : KindsOf(*site)) {
    ASSIGN_OR_RETURN(TaskPreview task, preview.Of(kind));
    run.tasks.push_back(std::move(task));
  }
  return run;
}

}  // namespace tributary::edge
