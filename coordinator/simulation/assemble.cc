#include "coordinator/simulation/assemble.h"

#include "coordinator/config/render.h"
#include "coordinator/report/privacy_view.h"
#include "privacy/calibration.h"

namespace tributary::simulation {
namespace {

using config::Config;

strategy::AdapterSpec MakeAdapter(const Config& c, const model::Directory& base,
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

client::TaskPlan MakeTasks(const Environment& e) {
  const Config& c = e.config;
  client::TaskPlan plan;
  plan.adapter = e.adapter;
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

coordinator::RunPlan MakePlan(const Environment& e) {
  const Config& c = e.config;
  coordinator::RunPlan plan;
  plan.digest = config::PlanDigest(c);
  plan.rounds = c.federation.rounds;
  plan.cohort_seed = c.CohortSeed();
  if (c.federation.sampling == "poisson")
    plan.sampling_rate =
        static_cast<double>(*c.federation.cohort.clients) / static_cast<double>(e.clients.size());
  else
    plan.cohort = c.federation.cohort.clients;
  plan.over_selection = c.federation.over_selection;
  plan.minimum = c.federation.minimum;
  plan.max_weight = c.federation.weighting == "uniform" ? 1 : c.federation.max_weight;
  plan.deadline = c.federation.deadline;
  if (c.federation.head_start == "ridge") plan.start.push_back(TaskKind::kFeatureMoments);
  if (strategy::InputOf(e.adapter) == strategy::StartInput::kGradient)
    plan.start.push_back(strategy::StartOf(e.adapter) == "public-gradient"
                             ? TaskKind::kPublicGradient
                             : TaskKind::kGradientSum);
  plan.evaluate_clients = c.evaluation.on != "test";
  plan.evaluate_public = c.evaluation.on != "clients" && !c.data.test.empty();
  plan.evaluate_every = c.evaluation.every;
  if (plan.evaluate_public ||
      (!plan.start.empty() && plan.start.back() == TaskKind::kPublicGradient))
    plan.designated = ClientId{std::string(kDesignated)};
  plan.keep_best = c.evaluation.keep == "best";
  plan.patience = c.evaluation.stop;
  return plan;
}

// What all planned rounds will have spent together.
std::string PlannedPrivacy(const Environment& e, const privacy::PrivacyEvent& event) {
  privacy::RdpAccountant accountant(privacy::RelationOf(event));
  std::optional<privacy::Spent> spent;
  if (accountant.Compose(event, e.plan.rounds))
    if (const auto epsilon = accountant.Epsilon(e.config.privacy.delta)) spent = *epsilon;
  return report::PrivacyStatement(e.config, event, spent);
}

// Chooses or checks the noise and fills the plan's budget; returns what is wrong, or "".
std::string AddPrivacy(Environment& e) {
  const config::PrivacyPart& p = e.config.privacy;
  if (p.mode == "none") {
    e.privacy_statement = report::PrivacyStatement(e.config, {}, {});
    return "";
  }
  const auto population = static_cast<int64_t>(e.clients.size());
  const auto warning = privacy::CheckDelta(p.delta, population);
  if (!warning) return "privacy.delta: " + warning.error().message;
  // The very event that the report accounts for, so that noise and statement cannot disagree.
  const auto event_with = [&](double value) {
    return *report::TrainingEvent(e.config, population, value);
  };
  double multiplier = p.noise_multiplier;
  int64_t rounds = e.plan.rounds;
  if (p.target_epsilon > 0) {
    const auto calibrated =
        privacy::CalibrateNoiseMultiplier(event_with(1), rounds, {p.target_epsilon, p.delta});
    if (!calibrated) return "privacy.target_epsilon: " + calibrated.error().message;
    multiplier = calibrated->noise_multiplier;
  } else {
    rounds *=
        e.plan.max_attempts;  // the multiplier is given: every attempt is charged, none refused
  }
  e.plan.privacy = coordinator::PrivacyPlan{multiplier, rounds};
  const double cohort = e.plan.sampling_rate
                            ? *e.plan.sampling_rate * static_cast<double>(population)
                            : static_cast<double>(e.plan.cohort.value_or(population));
  e.fold.noise = privacy::CentralNoise{p.clip_norm, multiplier,
                                       privacy::RelationOf(event_with(multiplier)), cohort};
  e.privacy_statement = PlannedPrivacy(e, event_with(multiplier));
  return "";
}

}  // namespace

Result<strategy::AdapterSpec> AdapterOf(const Config& config, const model::Directory& base) {
  auto targets =
      model::SelectTargets(model::LinearLayers(*base.family, base.config), config.adapter.targets);
  if (!targets) return Annotate(targets.error(), "adapter.targets");
  return MakeAdapter(config, base, *std::move(targets));
}

void Assemble(Environment& e, std::vector<config::Fault>& faults) {
  auto adapter = AdapterOf(e.config, e.model);
  if (!adapter) {
    faults.push_back({"", adapter.error().message});
    return;
  }
  e.adapter = *std::move(adapter);
  std::vector<int64_t> ranks = {e.config.adapter.rank};
  for (const auto& [group, rank] : e.config.adapter.ranks) ranks.push_back(rank);
  for (std::string& fault : strategy::Faults(e.adapter, ranks))
    faults.push_back({"", std::move(fault)});
  if (!faults.empty()) return;
  if (strategy::StartOf(e.adapter) == "file")
    faults.push_back(
        {"", "adapter.start = \"file\" is not offered in a simulation; use a seeded start"});
  if (strategy::StartOf(e.adapter) == "public-gradient" && e.open.rows() == 0)
    faults.push_back({"",
                      "adapter.start = \"public-gradient\" needs data.public, rows that the "
                      "designated client holds"});
  e.tasks = MakeTasks(e);
  e.plan = MakePlan(e);
  e.fold.adapter = e.adapter;
  e.fold.rank_of = [&e](const ClientId& client) { return e.RankOf(client.value); };
  e.fold.labels = e.tasks.labels;
  e.fold.ridge = {std::string(e.model.family->head_output), e.config.federation.head_ridge,
                  e.config.federation.head_scale};
  if (std::string fault = AddPrivacy(e); !fault.empty()) faults.push_back({"", std::move(fault)});
  e.plan.start_checkpoint = Digest{{1}};  // stands for the real one, which is not made yet
  for (std::string& fault : e.plan.Faults()) faults.push_back({"", std::move(fault)});
}

}  // namespace tributary::simulation
