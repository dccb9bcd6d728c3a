#include "coordinator/simulation/simulate.h"

#include <sys/resource.h>

#include <chrono>

#include "aggregation/base/file.h"
#include "aggregation/base/version.h"
#include "aggregation/strategy/export.h"
#include "client/trainer_module.h"
#include "coordinator/artefact/adapter_directory.h"
#include "coordinator/plan/assemble.h"
#include "coordinator/report/files.h"
#include "coordinator/simulation/resumed.h"
#include "coordinator/simulation/run_directory.h"
#include "coordinator/simulation/simulated_coordinator.h"
#include "coordinator/store/sqlite_store.h"

namespace tributary::simulation {
namespace {

int64_t PeakMemory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * int64_t{1024};
}

bool HoldsRun(const std::filesystem::path& directory) {
  std::error_code error;
  return std::filesystem::exists(directory / "run.toml", error) ||
         std::filesystem::exists(directory / "state", error);
}

class Simulation : public Observer {
 public:
  Simulation(const Environment& environment, const SimulateOptions& options, Progress& progress)
      : environment_(environment),
        options_(options),
        progress_(progress),
        locals_(options.out / "state/local") {}

  Result<SimulateResult> Run(const std::function<bool()>& is_interrupted) {
    RETURN_IF_ERROR(OpenStores());
    RETURN_IF_ERROR(LoadModel());
    RETURN_IF_ERROR(Prepare(is_interrupted));
    ASSIGN_OR_RETURN(std::vector<coordinator::Record> journal, coordinator_->Load());
    replayed_ = journal.size();
    Resumed resumed(std::move(journal), *clients_, *coordinator_);
    EngineOptions engine_options;
    engine_options.seed = environment_.config.CohortSeed();
    engine_options.availability_period = std::chrono::hours(24);
    const config::NetworkPart& n = environment_.config.network;
    engine_options.network = {n.delay,       n.jitter,       n.loss,
                              n.duplication, n.parted_every, n.parted_for};
    Engine engine(
        plan_, engine_options, environment_.Names(),
        [this](const ClientId& c) { return environment_.ProfileOf(c.value); }, resumed, resumed,
        *this);
    auto ending = engine.Run(is_interrupted);
    // A pause that the journal knows was resumed then, or is to be resumed now.
    while (ending == Ending::kPaused && options_.resume && records_.size() <= replayed_) {
      RETURN_IF_ERROR(engine.Request(coordinator::OperatorRequest::Kind::kResume));
      ending = engine.Run(is_interrupted);
    }
    RETURN_IF_ERROR(failure_);
    if (!ending && ending.error().code == Code::kCancelled && is_interrupted())
      ending = Ending::kInterrupted;
    if (!ending) return tl::unexpected(ending.error());
    ASSIGN_OR_RETURN(report::RunView view, WriteAll(true));
    return SimulateResult{
        *ending, std::move(view),
        clients_->LastFault().empty() ? coordinator_->last_fault() : clients_->LastFault()};
  }

  void OnReady(TimePoint, const coordinator::Ready& ready) override {
    for (const coordinator::Record& record : ready.records) {
      records_.push_back(record);
      if (failure_) std::visit([this](const auto& r) { Show(r); }, record);
    }
  }

 private:
  Status OpenStores() {
    RETURN_IF_ERROR(MakeDirectories(options_.out / "state"));
    ASSIGN_OR_RETURN(blobs_, store::OpenDiskBlobStore(options_.out / "state/blobs"));
    ASSIGN_OR_RETURN(states_, store::OpenSqliteStore(options_.out / "state/journal.sqlite"));
    return WriteFile(options_.out / "run.toml", RenderRunToml(environment_.config, options_.out));
  }

  Status LoadModel() {
    ASSIGN_OR_RETURN(trainer_, client::OpenTrainer());
    ASSIGN_OR_RETURN(model_,
                     trainer_->Load({environment_.config.model_path, environment_.config.model.task,
                                     environment_.tasks.labels, options_.device}));
    return {};
  }

  // Makes the start checkpoint, or finds the one that was made; equal inputs give equal bytes.
  Status Prepare(const std::function<bool()>& is_interrupted) {
    std::unique_ptr<privacy::NoiseSource> noise;
    if (environment_.fold.noise && environment_.config.privacy.noise == "seeded")
      noise = privacy::SeededNoise(environment_.config.seed);
    else if (environment_.fold.noise) {
      ASSIGN_OR_RETURN(noise, privacy::SecureNoise());
    }
    fold::FoldPlan fold_plan = environment_.fold;
    fold_plan.threads = options_.workers;
    folder_ = std::make_unique<fold::Folder>(std::move(fold_plan), *blobs_, std::move(noise));
    plan_ = environment_.plan;
    ASSIGN_OR_RETURN(plan_.start_checkpoint,
                     plan::PutStart(*folder_, environment_.config, environment_.model.weights));
    checkpoints_ = std::make_unique<Checkpoints>(*folder_, *states_, kRun);
    clients_ = std::make_unique<SimulatedClients>(environment_, *model_, *blobs_, *checkpoints_,
                                                  locals_, options_.workers, is_interrupted);
    coordinator_ = std::make_unique<SimulatedCoordinator>(
        kRun, plan_, *states_, *blobs_, *folder_, *clients_, environment_.config.keep_rounds,
        environment_.tasks.report_metrics);
    RETURN_IF_ERROR(PrepareFacts());
    progress_.OnLoaded(environment_, model_->device());
    return {};
  }

  Status PrepareFacts() {
    ASSIGN_OR_RETURN(const auto known, states_->Get(kRun, "facts"));
    if (known) {
      ASSIGN_OR_RETURN(facts_, report::RunFactsFromJson(*known));
      wall_before_ = facts_.wall_seconds;
      if (facts_.plan_digest != plan_.digest)
        return MakeError(Code::kFailedPrecondition, "{}: holds a run of another plan",
                         options_.out.string());
      if (facts_.start_checkpoint != plan_.start_checkpoint)
        return MakeError(Code::kFailedPrecondition,
                         "{}: the model or the program has changed since the run began",
                         options_.out.string());
      return {};
    }
    facts_.targets = environment_.adapter.targets;
    facts_.head = environment_.adapter.head;
    facts_.labels = environment_.config.model.labels;
    facts_.base_digest = environment_.model.digest;
    facts_.plan_digest = plan_.digest;
    facts_.start_checkpoint = plan_.start_checkpoint;
    facts_.numerics = std::string(kNumerics);
    facts_.version = std::string(kVersion);
    facts_.test_rows = static_cast<int64_t>(environment_.test.rows());
    facts_.noise_multiplier = plan_.privacy ? plan_.privacy->noise_multiplier : 0;
    for (const data::ClientRows& client : environment_.clients) {
      const auto group = environment_.group_of.find(client.name);
      facts_.clients.push_back({{client.name},
                                group == environment_.group_of.end() ? "" : group->second,
                                environment_.RankOf(client.name),
                                static_cast<int64_t>(client.train.size()),
                                static_cast<int64_t>(client.held_out.size())});
    }
    return states_->Put(kRun, "facts", report::ToJson(facts_));
  }

  // --- what the journal says, shown and written; records of a replay are not shown again ---

  bool IsNew() const { return records_.size() > replayed_; }
  void Show(const coordinator::StageOpened& r) {
    stage_ = r;
    accepted_ = ended_ = 0;
    if (IsNew()) progress_.OnStage(r);
  }
  void Show(const coordinator::UpdateAccepted&) {
    ++accepted_, ++ended_;
    if (IsNew()) progress_.OnClient(stage_, accepted_, ended_);
  }
  void Show(const coordinator::ClientEnded&) {
    ++ended_;
    if (IsNew()) progress_.OnClient(stage_, accepted_, ended_);
  }
  void Show(const coordinator::StageAbandoned& r) {
    if (IsNew())
      progress_.OnAbandoned(
          stage_, r.reason,
          clients_->LastFault().empty() ? coordinator_->last_fault() : clients_->LastFault());
  }
  void Show(const coordinator::StageCommitted&) {
    if (!IsNew()) return;
    auto view = WriteAll(false);
    if (!view) {
      failure_ = tl::unexpected(view.error());
      return;
    }
    progress_.OnCommitted(stage_, *view);
  }
  template <typename Record>
  void Show(const Record&) {}

  Result<report::RunView> WriteAll(bool with_adapter) {
    const std::chrono::duration<double> here = std::chrono::steady_clock::now() - began_;
    facts_.wall_seconds = wall_before_ + here.count();
    facts_.peak_rss_bytes = std::max(facts_.peak_rss_bytes, PeakMemory());
    ASSIGN_OR_RETURN(report::RunView view, report::Build(environment_.config, facts_, records_));
    if (with_adapter && !view.rounds.empty()) RETURN_IF_ERROR(WriteAdapter(view));
    RETURN_IF_ERROR(states_->Put(kRun, "facts", report::ToJson(facts_)));
    RETURN_IF_ERROR(report::WriteFiles(options_.out, view, environment_.config, facts_));
    return view;
  }

  Status WriteAdapter(const report::RunView& view) {
    const report::Round& kept = view.rounds.at(view.kept);
    if (!kept.digest) return {};
    ASSIGN_OR_RETURN(const strategy::RunState state, folder_->Open(*kept.digest));
    if (state.adapter.empty()) return {};
    const report::Provenance provenance = report::ProvenanceOf(facts_, view, kept);
    ASSIGN_OR_RETURN(
        const double error,
        artefact::WriteAdapterDirectory(
            options_.out / "adapter", strategy::ExportAdapter(environment_.adapter, state.adapter),
            environment_.config, environment_.model, provenance, {}));
    TRIBUTARY_CHECK(error == 0, "an adapter without a rank limit is exact");
    ASSIGN_OR_RETURN(facts_.adapter,
                     Sha256File(options_.out / "adapter/adapter_model.safetensors"));
    return {};
  }

  const Environment& environment_;
  const SimulateOptions& options_;
  Progress& progress_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  double wall_before_ = 0;
  client::LocalParts locals_;
  std::unique_ptr<store::BlobStore> blobs_;
  std::unique_ptr<store::StateStore> states_;
  std::shared_ptr<client::Trainer> trainer_;
  std::shared_ptr<const client::Model> model_;
  std::unique_ptr<fold::Folder> folder_;
  std::unique_ptr<Checkpoints> checkpoints_;
  std::unique_ptr<SimulatedClients> clients_;
  std::unique_ptr<SimulatedCoordinator> coordinator_;
  coordinator::RunPlan plan_;
  report::RunFacts facts_;
  std::vector<coordinator::Record> records_;
  size_t replayed_ = 0;
  coordinator::StageOpened stage_;
  int64_t accepted_ = 0, ended_ = 0;
  Status failure_;
};

}  // namespace

Result<SimulateResult> Simulate(const Environment& environment, const SimulateOptions& options,
                                Progress& progress, const std::function<bool()>& is_interrupted) {
  if (!options.resume && HoldsRun(options.out))
    return MakeError(
        Code::kAlreadyExists,
        "{}: already holds a run; go on with --resume {}, or name another directory with --out",
        options.out.string(), options.out.string());
  return Simulation(environment, options, progress).Run(is_interrupted);
}

}  // namespace tributary::simulation
