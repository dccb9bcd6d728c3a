#include "coordinator/simulation/environment.h"

#include <algorithm>

#include "aggregation/base/metrics.h"
#include "aggregation/base/random.h"
#include "client/task/text_model.h"
#include "coordinator/config/render.h"
#include "coordinator/plan/assemble.h"

namespace tributary::simulation {
namespace {

using config::Config;
using config::Fault;

class Loader {
 public:
  Loader(Environment& environment, int threads, std::vector<Fault>& faults)
      : e_(environment), threads_(threads), faults_(faults), has_all_keys_(faults.empty()) {}

  void Run() {
    const bool has_model = LoadModel();
    auto train = Read(e_.config.data.train, "data.train",
                      e_.config.data.partition == "by-client" ? e_.config.data.client : "");
    std::optional<data::Dataset> test;
    if (!e_.config.data.test.empty())
      test = ReadTest();
    else if (e_.config.evaluation.on != "clients")
      AddMissing("data.test",
                 fmt::format(": evaluation.on = \"{}\" needs it", e_.config.evaluation.on));
    std::optional<data::Dataset> open;
    if (!e_.config.data.public_rows.empty())
      open = Read(e_.config.data.public_rows, "data.public", "");
    if (!train) return;
    if (e_.config.model.labels.empty()) {
      e_.config.model.labels = data::DeriveLabels(train->examples);
      if (e_.config.model.labels.size() < 2)
        Add("data.train has {} label, a classifier needs two", e_.config.model.labels.size());
    }
    if (e_.config.model.labels.size() > static_cast<size_t>(kMaxClasses))
      Add("data.train has {} labels, at most {} are supported", e_.config.model.labels.size(),
          kMaxClasses);
    auto labels = Index(train->examples, "data.train");
    std::optional<std::vector<int32_t>> test_labels;
    if (test) test_labels = Index(test->examples, "data.test");
    std::optional<std::vector<int32_t>> open_labels;
    if (open) open_labels = Index(open->examples, "data.public");
    Partition(train->examples);
    if (!has_model || !faults_.empty()) return;
    Tokenise(*train, std::move(*labels), &e_.train);
    if (test) Tokenise(*test, std::move(*test_labels), &e_.test);
    if (open) Tokenise(*open, std::move(*open_labels), &e_.open);
    if (test) AssignTestRows(test->examples);
    AssignGroups();
    if (faults_.empty()) Assemble();
  }

 private:
  template <typename... Args>
  void Add(fmt::format_string<Args...> format, Args&&... args) {
    faults_.push_back({"", fmt::format(format, std::forward<Args>(args)...)});
  }

  // A key that could not be read is a fault already, and not missing.
  void AddMissing(std::string_view key, std::string_view why) {
    if (has_all_keys_) Add("{} is missing{}", key, why);
  }

  bool LoadModel() {
    if (e_.config.model_path.empty())
      return AddMissing("model.path", ": the directory of the base model"), false;
    auto text = client::OpenTextModel(e_.config.model_path);
    if (!text) return Add("model.path: {}", text.error().message), false;
    e_.model = text->directory;
    tokenizer_ = text->tokenizer;
    const std::string digest = e_.model.digest.Hex();
    if (e_.config.model.digest.empty()) e_.config.model.digest = digest;
    if (e_.config.model.digest != digest)
      Add("model.digest is {}, but {} has {}", e_.config.model.digest,
          e_.config.model_path.string(), digest);
    const bool pair = e_.config.data.text.size() == 2;
    const int64_t positions = text->Positions();
    if (e_.config.training.max_length > positions)
      Add("training.max_length is {}, but the model has {} positions",
          e_.config.training.max_length, positions);
    if (e_.config.training.max_length <= static_cast<int64_t>(tokenizer_->special_tokens(pair)))
      Add("training.max_length is {}, which leaves no room beside {} special tokens",
          e_.config.training.max_length, tokenizer_->special_tokens(pair));
    return true;
  }

  std::optional<data::Dataset> Read(const std::filesystem::path& path, std::string_view key,
                                    const std::string& client) {
    if (path.empty()) return AddMissing(key, ""), std::nullopt;
    data::DatasetSource source{path, e_.config.data.text, e_.config.data.label, client, {}};
    if (!e_.config.data.format.empty())
      source.table.format = *data::ParseFormat(e_.config.data.format);
    auto dataset = data::ReadDataset(source);
    if (!dataset) return Add("{}: {}", key, dataset.error().message), std::nullopt;
    if (const std::string bad = dataset->bad.Summary(); !bad.empty())
      e_.bad_rows += fmt::format("{}: {}\n", path.string(), bad);
    return *std::move(dataset);
  }

  // The client column of the test rows is of use where there is one, and nobody's fault where not.
  std::optional<data::Dataset> ReadTest() {
    if (e_.config.data.partition == "by-client") {
      data::DatasetSource source{e_.config.data.test,
                                 e_.config.data.text,
                                 e_.config.data.label,
                                 e_.config.data.client,
                                 {}};
      if (!e_.config.data.format.empty())
        source.table.format = *data::ParseFormat(e_.config.data.format);
      if (auto dataset = data::ReadDataset(source)) return *std::move(dataset);
    }
    return Read(e_.config.data.test, "data.test", "");
  }

  std::optional<std::vector<int32_t>> Index(std::span<const data::Example> examples,
                                            std::string_view key) {
    auto labels = data::IndexLabels(examples, e_.config.model.labels, key);
    if (!labels) return Add("{}", labels.error().message), std::nullopt;
    return *std::move(labels);
  }

  void Partition(std::span<const data::Example> examples) {
    const config::DataPart& d = e_.config.data;
    const auto scheme = data::ParseScheme(d.partition);
    if (!scheme) return Add("{}", scheme.error().message);
    const bool holds_out = e_.config.evaluation.on != "test";
    auto clients = data::MakePartition(
        examples, {*scheme, d.clients, d.alpha, holds_out ? e_.config.evaluation.holdout : 0,
                   e_.config.PartitionSeed()});
    if (!clients) return Add("data.partition: {}", clients.error().message);
    e_.clients = *std::move(clients);
    for (const data::ClientRows& client : e_.clients)
      if (client.name == kDesignated)
        Add("a client of the data is called \"{}\", which is the name of the designated client",
            kDesignated);
    const auto& cohort = e_.config.federation.cohort.clients;
    const auto population = static_cast<int64_t>(e_.clients.size());
    if (cohort && *cohort > population)
      Add("federation.cohort is {}, but the data has {} clients", *cohort, population);
    if (e_.config.federation.minimum > population)
      Add("federation.minimum is {}, but the data has {} clients", e_.config.federation.minimum,
          population);
  }

  void Tokenise(const data::Dataset& dataset, std::vector<int32_t> labels, data::Corpus* out) {
    auto corpus = client::Tokenise(*tokenizer_, dataset.examples, std::move(labels),
                                   e_.config.training.max_length, threads_);
    if (!corpus) return Add("{}", corpus.error().message);
    *out = *std::move(corpus);
  }

  void AssignTestRows(std::span<const data::Example> examples) {
    for (size_t i = 0; i < examples.size(); ++i)
      if (!examples[i].client.empty())
        e_.test_rows_of[examples[i].client].push_back(static_cast<int64_t>(i));
  }

  // Groups by shares: each client draws for itself, by its name.
  void AssignGroups() {
    double total = 0;
    for (const config::ClientGroup& group : e_.config.clients) total += group.share;
    for (const data::ClientRows& client : e_.clients) {
      double at = Random(e_.config.PartitionSeed(), "group", {client.name}).Uniform() * total;
      for (const config::ClientGroup& group : e_.config.clients) {
        e_.group_of[client.name] = group.group;
        if ((at -= group.share) < 0) break;
      }
    }
  }

  void Assemble() {
    const plan::Surroundings around{static_cast<int64_t>(e_.clients.size()),
                                    ClientId{std::string(kDesignated)},
                                    !e_.config.data.test.empty(), e_.open.rows() > 0};
    plan::Assembled all =
        plan::Assemble(e_.config, {e_.model.family, e_.model.config}, around, faults_);
    e_.adapter = std::move(all.adapter);
    e_.tasks = std::move(all.tasks);
    e_.fold = std::move(all.fold);
    e_.fold.rank_of = [&e = e_](const ClientId& client) { return e.RankOf(client.value); };
    e_.plan = std::move(all.run);
    e_.privacy_statement = std::move(all.privacy_statement);
  }

  Environment& e_;
  int threads_;
  std::vector<Fault>& faults_;
  const bool has_all_keys_;
  std::shared_ptr<const data::Tokenizer> tokenizer_;
};

client::Example ExampleAt(const data::Corpus& corpus, int64_t row) {
  const auto i = static_cast<size_t>(row);
  return {corpus.Ids(i), corpus.TypeIds(i), corpus.labels[i]};
}

}  // namespace

int64_t Environment::RankOf(const std::string& client) const {
  const auto group = group_of.find(client);
  if (group == group_of.end()) return config.adapter.rank;
  const auto rank = config.adapter.ranks.find(group->second);
  return rank == config.adapter.ranks.end() ? config.adapter.rank : rank->second;
}

client::SiteData Environment::Site(const std::string& client) const {
  client::SiteData site{client, RankOf(client), {}, {}};
  if (client == kDesignated) {
    for (size_t i = 0; i < open.rows(); ++i)
      site.train.push_back(ExampleAt(open, static_cast<int64_t>(i)));
    for (size_t i = 0; i < test.rows(); ++i)
      site.held_out.push_back(ExampleAt(test, static_cast<int64_t>(i)));
    return site;
  }
  const auto it = std::lower_bound(clients.begin(), clients.end(), client,
                                   [](const auto& c, const auto& name) { return c.name < name; });
  for (int64_t row : it->train) site.train.push_back(ExampleAt(train, row));
  for (int64_t row : it->held_out) site.held_out.push_back(ExampleAt(train, row));
  return site;
}

ClientProfile Environment::ProfileOf(const std::string& client) const {
  constexpr double kTokensPerSecond = 1000, kUnlimited = 1e9;  // a plain client; virtual time only
  ClientProfile profile;
  profile.speed = kTokensPerSecond;
  profile.bandwidth = kUnlimited;
  const auto group = group_of.find(client);
  if (group == group_of.end()) return profile;
  for (const config::ClientGroup& g : config.clients) {
    if (g.group != group->second) continue;
    profile.speed = kTokensPerSecond * g.speed;
    if (g.bandwidth > 0) profile.bandwidth = static_cast<double>(g.bandwidth);
    profile.dropout = g.dropout;
  }
  return profile;
}

std::vector<ClientId> Environment::Names() const {
  std::vector<ClientId> names;
  for (const data::ClientRows& client : clients) names.push_back({client.name});
  if (plan.designated) names.push_back(*plan.designated);
  return names;
}

LoadedEnvironment LoadEnvironment(config::ReadConfig read, int threads) {
  LoadedEnvironment loaded{std::make_unique<Environment>(), std::move(read.faults)};
  loaded.environment->config = std::move(read.config);
  Loader(*loaded.environment, threads, loaded.faults).Run();
  if (!loaded.faults.empty()) loaded.environment.reset();
  return loaded;
}

}  // namespace tributary::simulation
