#include "coordinator/plan/assemble.h"

#include "coordinator/config/render.h"
#include "coordinator/report/privacy_view.h"
#include "privacy/calibration.h"

namespace tributary::plan {
namespace {

using config::Config;

strategy::AdapterSpec MakeAdapter(const Config& c, const BaseModel& base,
                                  std::vector<adapter::Target> targets) {
  strategy::AdapterSpec spec;
  spec.method = c.adapter.method;
  spec.rank = c.adapter.rank;
  spec.scale = c.adapter.scale;
  spec.targets = std::move(targets);
  std::sort(spec.targets.begin(), spec.targets.end(),
            [](const auto& a, const auto& b) { return a.module < b.module; });
  spec.head =
      model::HeadLayout(*base.family, base.config, static_cast<int64_t>(c.model.labels.size()));
  spec.freeze_head = c.training.freeze_head;
  spec.seed = c.InitSeed();
  spec.start = c.adapter.start;
  spec.start_step = c.adapter.start_step;
  spec.fair_lambda = c.adapter.fair_lambda;
  spec.fair_solver = c.adapter.fair_solver;
  spec.hetlora_weighting = c.adapter.hetlora_weighting;
  spec.server.name = c.federation.server_optimizer;
  spec.server.learning_rate = c.federation.server_learning_rate;
  return spec;
}

coordinator::RunPlan MakeRun(const Config& c, const strategy::AdapterSpec& adapter,
                             const Surroundings& around) {
  coordinator::RunPlan plan;
  plan.digest = config::PlanDigest(c);
  plan.rounds = c.federation.rounds;
  plan.cohort_seed = c.CohortSeed();
  if (c.federation.sampling == "poisson")
    plan.sampling_rate =
        static_cast<double>(*c.federation.cohort.clients) / static_cast<double>(around.population);
  else
    plan.cohort = c.federation.cohort.clients;
  plan.over_selection = c.federation.over_selection;
  plan.minimum = c.federation.minimum;
  plan.max_weight = c.federation.weighting == "uniform" ? 1 : c.federation.max_weight;
  plan.deadline = c.federation.deadline;
  if (c.federation.head_start == "ridge") plan.start.push_back(TaskKind::kFeatureMoments);
  if (strategy::InputOf(adapter) == strategy::StartInput::kGradient)
    plan.start.push_back(strategy::StartOf(adapter) == "public-gradient" ? TaskKind::kPublicGradient
                                                                         : TaskKind::kGradientSum);
  plan.evaluate_clients = c.evaluation.on != "test";
  plan.evaluate_public = c.evaluation.on != "clients" && around.has_public_test;
  plan.evaluate_every = c.evaluation.every;
  if (plan.evaluate_public ||
      (!plan.start.empty() && plan.start.back() == TaskKind::kPublicGradient))
    plan.designated = around.designated;
  plan.keep_best = c.evaluation.keep == "best";
  plan.patience = c.evaluation.stop;
  return plan;
}

// What all planned rounds will have spent together.
std::string PlannedPrivacy(const Config& c, int64_t rounds, const privacy::PrivacyEvent& event) {
  privacy::RdpAccountant accountant(privacy::RelationOf(event));
  std::optional<privacy::Spent> spent;
  if (accountant.Compose(event, rounds))
    if (const auto epsilon = accountant.Epsilon(c.privacy.delta)) spent = *epsilon;
  return report::PrivacyStatement(c, event, spent);
}

// Chooses or checks the noise and fills the plan's budget; returns what is wrong, or "".
std::string AddPrivacy(const Config& c, int64_t population, Assembled& out) {
  const config::PrivacyPart& p = c.privacy;
  if (p.mode == "none") {
    out.privacy_statement = report::PrivacyStatement(c, {}, {});
    return "";
  }
  const auto warning = privacy::CheckDelta(p.delta, population);
  if (!warning) return "privacy.delta: " + warning.error().message;
  // The very event that the report accounts for, so that noise and statement cannot disagree.
  const auto event_with = [&](double value) {
    return *report::TrainingEvent(c, population, value);
  };
  double multiplier = p.noise_multiplier;
  int64_t rounds = out.run.rounds;
  if (p.target_epsilon > 0) {
    const auto calibrated =
        privacy::CalibrateNoiseMultiplier(event_with(1), rounds, {p.target_epsilon, p.delta});
    if (!calibrated) return "privacy.target_epsilon: " + calibrated.error().message;
    multiplier = calibrated->noise_multiplier;
  } else {
    rounds *=
        out.run.max_attempts;  // the multiplier is given: every attempt is charged, none refused
  }
  out.run.privacy = coordinator::PrivacyPlan{multiplier, rounds};
  const double cohort = out.run.sampling_rate
                            ? *out.run.sampling_rate * static_cast<double>(population)
                            : static_cast<double>(out.run.cohort.value_or(population));
  out.fold.noise = privacy::CentralNoise{p.clip_norm, multiplier,
                                         privacy::RelationOf(event_with(multiplier)), cohort};
  out.privacy_statement = PlannedPrivacy(c, out.run.rounds, event_with(multiplier));
  return "";
}

}  // namespace

Result<BaseModel> ReadBaseModel(std::string_view config_json, std::string_view name) {
  BaseModel base;
  ASSIGN_OR_RETURN(base.config, model::ParseConfig(config_json, name));
  base.family = model::FindFamily(base.config.model_type);
  return base;
}

Result<strategy::AdapterSpec> AdapterOf(const Config& config, const BaseModel& base) {
  auto targets =
      model::SelectTargets(model::LinearLayers(*base.family, base.config), config.adapter.targets);
  if (!targets) return Annotate(targets.error(), "adapter.targets");
  return MakeAdapter(config, base, *std::move(targets));
}

client::TaskPlan TasksOf(const Config& c, strategy::AdapterSpec adapter) {
  client::TaskPlan plan;
  plan.adapter = std::move(adapter);
  const config::TrainingPart& t = c.training;
  plan.training = {t.optimizer,
                   t.learning_rate,
                   t.weight_decay,
                   t.momentum,
                   t.gradient_clip,
                   t.schedule,
                   t.warmup,
                   t.batch_size,
                   t.epochs,
                   t.max_steps,
                   static_cast<int>(t.shards),
                   c.adapter.dropout,
                   t.model_dropout};
  plan.schedule_over_run = t.schedule_over == "run";
  plan.rounds = c.federation.rounds;
  plan.label_calibration = t.label_calibration;
  plan.weighting = c.federation.weighting;
  plan.training_seed = c.TrainingSeed();
  plan.labels = static_cast<int64_t>(c.model.labels.size());
  plan.report_metrics = c.privacy.mode == "none";
  return plan;
}

Assembled Assemble(const Config& c, const BaseModel& base, const Surroundings& around,
                   std::vector<config::Fault>& faults) {
  Assembled out;
  auto adapter = AdapterOf(c, base);
  if (!adapter) {
    faults.push_back({"", adapter.error().message});
    return out;
  }
  out.adapter = *std::move(adapter);
  std::vector<int64_t> ranks = {c.adapter.rank};
  for (const auto& [group, rank] : c.adapter.ranks) ranks.push_back(rank);
  for (std::string& fault : strategy::Faults(out.adapter, ranks))
    faults.push_back({"", std::move(fault)});
  if (strategy::StartOf(out.adapter) == "file")
    faults.push_back({"", "adapter.start = \"file\" is not offered; use a seeded start"});
  if (strategy::StartOf(out.adapter) == "public-gradient" && !around.has_public_train)
    faults.push_back({"",
                      "adapter.start = \"public-gradient\" needs public rows (data.public) that a "
                      "designated client holds"});
  if (!faults.empty()) return out;
  out.tasks = TasksOf(c, out.adapter);
  out.run = MakeRun(c, out.adapter, around);
  out.fold.adapter = out.adapter;
  out.fold.labels = out.tasks.labels;
  out.fold.ridge = {std::string(base.family->head_output), c.federation.head_ridge,
                    c.federation.head_scale};
  if (std::string fault = AddPrivacy(c, around.population, out); !fault.empty())
    faults.push_back({"", std::move(fault)});
  out.run.start_checkpoint = Digest{{1}};  // stands for the real one, which is not made yet
  for (std::string& fault : out.run.Faults()) faults.push_back({"", std::move(fault)});
  return out;
}

Result<Digest> PutStart(fold::Folder& folder, const Config& config, const TensorViewMap& weights) {
  strategy::StartSources sources;
  for (const adapter::Target& target : folder.plan().adapter.targets)
    if (const auto it = weights.find(target.module + ".weight"); it != weights.end())
      sources.weights.emplace(target.module, it->second);
  return folder.PutStart(strategy::RandomHead(folder.plan().adapter.head, config.InitSeed()),
                         sources);
}

}  // namespace tributary::plan
