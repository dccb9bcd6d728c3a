#include "coordinator/config/keys.h"

#include <array>

#include "aggregation/strategy/method.h"
#include "aggregation/strategy/server_optimizer.h"

namespace tributary::config {
namespace {

std::vector<std::string_view> MethodNames() {
  std::vector<std::string_view> names;
  for (const strategy::Method* method : strategy::Methods()) names.push_back(method->name);
  return names;
}

void AddModel(std::vector<Key>& keys, Config& c) {
  keys.push_back({"model.name", &c.model.name, true,
                  "Hub id of the base model; exported adapters name it as their base."});
  keys.push_back({"model.digest", &c.model.digest, true,
                  "SHA-256 of the base model as `inspect` prints it; filled in when absent, "
                  "checked when given."});
  keys.push_back({"model.task",
                  &c.model.task,
                  true,
                  "What the head does.",
                  0,
                  0,
                  {"sequence-classification"}});
  keys.push_back(
      {"model.labels", &c.model.labels, true,
       "Ordered list of labels; when absent, those of the training data, sorted bytewise."});
  keys.push_back({"model.path", &c.model_path, false,
                  "Directory with config.json, tokenizer.json and safetensors weights."});
}

void AddAdapter(std::vector<Key>& keys, Config& c) {
  keys.push_back({"adapter.method", &c.adapter.method, true, "A row of `tributary methods`.", 0, 0,
                  MethodNames()});
  keys.push_back({"adapter.rank", &c.adapter.rank, true, "Rank of the adapter.", 1, 4096});
  keys.push_back({"adapter.ranks", &c.adapter.ranks, true,
                  "Rank by client group, such as {small = 4, large = 16}; groups not named have "
                  "`rank`. For methods that accept mixed ranks."});
  keys.push_back({"adapter.scale", &c.adapter.scale, true,
                  "The one scale s of W + s B A (alpha / rank elsewhere).", 1e-6, 1e6});
  keys.push_back({"adapter.targets", &c.adapter.targets, true,
                  "Linear layers to adapt: last parts of module names, or \"all-linear\"."});
  keys.push_back({"adapter.dropout", &c.adapter.dropout, true,
                  "Dropout on the adapters' input while training.", 0, 0.99});
  keys.push_back({"adapter.start", &c.adapter.start, true,
                  "Where frozen or first factors come from; each method has its own default and "
                  "choices (`tributary methods`)."});
  keys.push_back({"adapter.start_step", &c.adapter.start_step, true,
                  "Gradient starts: the size of the step whose best low-rank form is the start.", 0,
                  1});
  keys.push_back({"adapter.fair_lambda", &c.adapter.fair_lambda, true,
                  "lora-fair: ridge, relative to the mean eigenvalue of A A^T (closed form), or "
                  "absolute (iterative).",
                  0, 1e9});
  keys.push_back({"adapter.fair_solver",
                  &c.adapter.fair_solver,
                  true,
                  "lora-fair: the closed form, or the paper's cosine objective by gradient steps.",
                  0,
                  0,
                  {"closed-form", "iterative"}});
  keys.push_back({"adapter.hetlora_weighting",
                  &c.adapter.hetlora_weighting,
                  true,
                  "hetlora: weigh clients by the norm of their product, or by rows.",
                  0,
                  0,
                  {"norm", "rows"}});
}

void AddTraining(std::vector<Key>& keys, Config& c) {
  TrainingPart& t = c.training;
  keys.push_back({"training.optimizer",
                  &t.optimizer,
                  true,
                  "Fresh in every round at every client.",
                  0,
                  0,
                  {"adamw", "sgd"}});
  keys.push_back({"training.learning_rate", &t.learning_rate, true, "Peak learning rate.", 0, 1e3});
  keys.push_back({"training.weight_decay", &t.weight_decay, true, "Decoupled for adamw.", 0, 10});
  keys.push_back({"training.momentum", &t.momentum, true, "sgd only.", 0, 0.9999});
  keys.push_back({"training.gradient_clip", &t.gradient_clip, true,
                  "Largest norm of a step's gradient; 0 turns clipping off.", 0, 1e9});
  keys.push_back({"training.schedule",
                  &t.schedule,
                  true,
                  "Of the learning rate, after warm-up.",
                  0,
                  0,
                  {"constant", "linear", "cosine"}});
  keys.push_back({"training.schedule_over",
                  &t.schedule_over,
                  true,
                  "Whether the schedule spans one round or the whole run.",
                  0,
                  0,
                  {"round", "run"}});
  keys.push_back({"training.warmup", &t.warmup, true,
                  "Share of the schedule over which the rate rises.", 0, 1});
  keys.push_back({"training.batch_size", &t.batch_size, true, "Rows per step.", 1, 65536});
  keys.push_back({"training.epochs", &t.epochs, true,
                  "Passes over a client's rows per round; fractions are allowed.", 0.001, 1000});
  keys.push_back({"training.max_steps", &t.max_steps, true,
                  "Most steps per round and client; 0: as many as the epochs give.", 0, 1e9});
  keys.push_back({"training.max_length", &t.max_length, true,
                  "Tokens per text, special tokens included; longer texts are cut.", 2, 65536});
  keys.push_back({"training.model_dropout", &t.model_dropout, true,
                  "Whether the model's own dropout is on while training."});
  keys.push_back({"training.shards", &t.shards, true,
                  "Parts of a batch that are computed side by side; part of the plan, since it "
                  "changes rounding.",
                  1, 256});
  keys.push_back({"training.label_calibration",
                  &t.label_calibration,
                  true,
                  "Logit calibration while training (Zhang et al., 2022): add the log of the "
                  "client's own label shares; \"relative\" also subtracts that of all clients.",
                  0,
                  0,
                  {"none", "own", "relative"}});
  keys.push_back({"training.freeze_head", &t.freeze_head, true, "Train the adapter only."});
}

void AddFederation(std::vector<Key>& keys, Config& c) {
  FederationPart& f = c.federation;
  keys.push_back({"federation.rounds", &f.rounds, true, "Rounds of training.", 1, 100000});
  keys.push_back({"federation.cohort", &f.cohort, true,
                  "Clients per round, or \"all\"; with Poisson sampling their expected number."});
  keys.push_back({"federation.over_selection", &f.over_selection, true,
                  "Invite this many times the cohort and take the first to report.", 1, 10});
  keys.push_back({"federation.minimum", &f.minimum, true,
                  "Updates below which a round is abandoned and tried again.", 1, 1e6});
  keys.push_back({"federation.deadline", &f.deadline, true, "How long a round waits for updates."});
  keys.push_back({"federation.sampling",
                  &f.sampling,
                  true,
                  "A fixed number of clients, or an independent coin for each.",
                  0,
                  0,
                  {"uniform", "poisson"}});
  keys.push_back({"federation.weighting",
                  &f.weighting,
                  true,
                  "What an update weighs: the client's training rows, the rows it saw in the "
                  "round, or all the same.",
                  0,
                  0,
                  {"rows", "seen", "uniform"}});
  keys.push_back({"federation.max_weight", &f.max_weight, true,
                  "Cap on the weight that a client may claim.", 1, 2147483648.0});
  std::vector<std::string_view> optimizers;
  for (const auto& row : strategy::ServerOptimizers()) optimizers.push_back(row.name);
  keys.push_back({"federation.server_optimizer", &f.server_optimizer, true,
                  "Applied to the mean update, for methods whose rule is a mean.", 0, 0,
                  optimizers});
  keys.push_back({"federation.server_learning_rate", &f.server_learning_rate, true,
                  "Of the server optimizer.", 0, 1e6});
  keys.push_back({"federation.head_start",
                  &f.head_start,
                  true,
                  "The classifier at the start: random, or the ridge solution from additive "
                  "feature statistics of all clients (as in Fed3R; Fani et al., 2024).",
                  0,
                  0,
                  {"random", "ridge"}});
  keys.push_back({"federation.head_ridge", &f.head_ridge, true,
                  "Ridge of head_start = \"ridge\", relative to the mean feature energy.", 0, 1e9});
  keys.push_back({"federation.head_scale", &f.head_scale, true,
                  "Factor on the ridge head's logits.", 1e-6, 1e6});
}

void AddRest(std::vector<Key>& keys, Config& c) {
  keys.push_back({"evaluation.on",
                  &c.evaluation.on,
                  true,
                  "Accuracy on data.test, on rows held out at clients, or both.",
                  0,
                  0,
                  {"test", "clients", "both"}});
  keys.push_back({"evaluation.holdout", &c.evaluation.holdout, true,
                  "Share of each client's rows held out for evaluation on clients.", 0, 0.9});
  keys.push_back({"evaluation.every", &c.evaluation.every, true,
                  "Rounds between evaluations; the start and the last round always are evaluated.",
                  1, 100000});
  keys.push_back({"evaluation.keep",
                  &c.evaluation.keep,
                  true,
                  "The adapter to keep: the last, or the best by held-out rows of clients.",
                  0,
                  0,
                  {"last", "best"}});
  keys.push_back({"evaluation.stop", &c.evaluation.stop, true,
                  "Stop after this many evaluations on clients without a better one; 0: never.", 0,
                  100000});
  keys.push_back({"privacy.mode",
                  &c.privacy.mode,
                  true,
                  "\"central\": client-level differential privacy with a trusted coordinator.",
                  0,
                  0,
                  {"none", "central"}});
  keys.push_back({"privacy.clip_norm", &c.privacy.clip_norm, true,
                  "Largest norm of a client's whole update.", 0, 1e9});
  keys.push_back({"privacy.delta", &c.privacy.delta, true,
                  "The delta of (epsilon, delta); below 1 / clients.", 0, 1});
  keys.push_back({"privacy.noise_multiplier", &c.privacy.noise_multiplier, true,
                  "Noise over sensitivity; this or target_epsilon.", 0, 1e6});
  keys.push_back({"privacy.target_epsilon", &c.privacy.target_epsilon, true,
                  "The multiplier is chosen so that all rounds stay within it.", 0, 1e6});
  keys.push_back({"privacy.noise",
                  &c.privacy.noise,
                  true,
                  "\"seeded\" noise repeats and protects nobody: every artefact says \"simulation, "
                  "not private\".",
                  0,
                  0,
                  {"secure", "seeded"}});
  keys.push_back({"data.train", &c.data.train, false, "Training rows."});
  keys.push_back({"data.test", &c.data.test, false, "Test rows, held by a designated client."});
  keys.push_back(
      {"data.public", &c.data.public_rows, false,
       "Public rows, held by the designated client, for adapter.start = \"public-gradient\"."});
  keys.push_back(
      {"data.statistics_cache", &c.data.statistics_cache, false,
       "Folder that keeps the feature statistics of head_start = \"ridge\", so that runs "
       "over the same rows and model compute them once."});
  keys.push_back(
      {"data.text", &c.data.text, false, "Column of the text, or two columns for sentence pairs."});
  keys.push_back({"data.label", &c.data.label, false, "Column of the label."});
  keys.push_back({"data.client", &c.data.client, false,
                  "Column of the client, for partition = \"by-client\"."});
  keys.push_back({"data.format",
                  &c.data.format,
                  false,
                  "When absent, by the file's extension.",
                  0,
                  0,
                  {"", "jsonl", "csv", "tsv"}});
  keys.push_back({"data.partition",
                  &c.data.partition,
                  false,
                  "How rows become clients' rows.",
                  0,
                  0,
                  {"by-client", "iid", "dirichlet"}});
  keys.push_back(
      {"data.clients", &c.data.clients, false, "How many clients, for iid and dirichlet.", 0, 1e6});
  keys.push_back(
      {"data.alpha", &c.data.alpha, false, "Concentration of dirichlet: small is skewed.", 0, 1e9});
  NetworkPart& n = c.network;
  keys.push_back({"network.delay", &n.delay, false, "Of a message, either way.", 0, 3600});
  keys.push_back({"network.jitter", &n.jitter, false,
                  "Mean of an exponential that is added to it, so that messages overtake others.",
                  0, 3600});
  keys.push_back({"network.loss", &n.loss, false, "Probability that a message is lost.", 0, 0.9});
  keys.push_back({"network.duplication", &n.duplication, false,
                  "Probability that a message arrives twice.", 0, 1});
  keys.push_back({"network.parted_every", &n.parted_every, false,
                  "Mean time between partitions, each of which cuts off a drawn set of clients; "
                  "\"0s\": none.",
                  0, 1e9});
  keys.push_back({"network.parted_for", &n.parted_for, false, "Mean time that one lasts."});
  keys.push_back({"output.keep_rounds", &c.keep_rounds, false,
                  "Checkpoints of this many last rounds are kept for export; 0: all.", 0, 1e6});
}

}  // namespace

std::vector<Key> Keys(Config& c) {
  std::vector<Key> keys;
  keys.push_back({"format", &c.format, true, "Version of this file's format.", 1, 1});
  keys.push_back({"seed", &c.seed, true, "Everything random follows from it."});
  keys.push_back(
      {"seeds.partition", &c.partition_seed, true,
       "Which client has and holds out which rows; from `seed` when absent, as the next three."});
  keys.push_back({"seeds.cohort", &c.cohort_seed, true, "Which clients take part in a round."});
  keys.push_back({"seeds.init", &c.init_seed, true, "Starting values of adapters and head."});
  keys.push_back({"seeds.training", &c.training_seed, true, "Shuffles and dropout."});
  AddModel(keys, c);
  AddAdapter(keys, c);
  AddTraining(keys, c);
  AddFederation(keys, c);
  AddRest(keys, c);
  return keys;
}

std::span<const GroupKey> GroupKeys() {
  static constexpr std::array<GroupKey, 5> kKeys = {
      {{"group", "Name, as in adapter.ranks."},
       {"share", "Share of the clients, relative to the other groups'."},
       {"speed", "Relative to a plain client; 0.5 takes twice as long."},
       {"bandwidth", "Bytes per second, either way, as \"1MB\"; absent: not limited."},
       {"dropout", "Probability to vanish during a task."}}};
  return kKeys;
}

std::span<const SectionHelp> Sections() {
  static constexpr std::array<SectionHelp, 12> kSections = {
      {{"", "The run as a whole."},
       {"seeds", "Seeds of their own for parts of the run."},
       {"model", "The base model."},
       {"adapter", "What is trained, and how updates are combined."},
       {"training", "What a client does with its rows in a round."},
       {"federation", "Who takes part, and when a round ends."},
       {"evaluation", "How good the adapter is."},
       {"privacy", "Differential privacy."},
       {"data", "Rows and clients of a simulation."},
       {"clients", "Groups of simulated clients; one [[clients]] table each."},
       {"network", "Messages of a simulation, in its virtual time. Bytes have bandwidths."},
       {"output", "What the run directory keeps."}}};
  return kSections;
}

}  // namespace tributary::config
