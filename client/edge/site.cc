#include "client/edge/site.h"

#include <fmt/ranges.h>

#include "client/data/partition.h"
#include "client/trainer_module.h"
#include "coordinator/plan/assemble.h"

namespace tributary::edge {
namespace {

class Loader {
 public:
  Loader(const Settings& settings, const client::TextModel& model, Site& site)
      : settings_(settings), model_(model), site_(site) {}

  Result<data::Corpus> Read(const std::filesystem::path& path,
                            std::vector<data::Example>* examples = nullptr) {
    if (path.empty()) return data::Corpus();
    data::DatasetSource source{path, settings_.data.text, settings_.data.label, "", {}};
    if (!settings_.data.format.empty())
      source.table.format = *data::ParseFormat(settings_.data.format);
    ASSIGN_OR_RETURN(data::Dataset dataset, data::ReadDataset(source));
    auto labels = data::IndexLabels(dataset.examples, site_.config.model.labels, path.string());
    if (!labels)
      return MakeError(Code::kFailedPrecondition, "{}; the rows have {}, the plan has {}",
                       labels.error().message,
                       fmt::join(data::DeriveLabels(dataset.examples), ", "),
                       fmt::join(site_.config.model.labels, ", "));
    ASSIGN_OR_RETURN(
        data::Corpus corpus,
        client::Tokenise(*model_.tokenizer, dataset.examples, *std::move(labels),
                         site_.config.training.max_length, static_cast<int>(settings_.threads)));
    if (examples != nullptr) *examples = std::move(dataset.examples);
    return corpus;
  }

  // The same rows are held out as when a simulation splits one table by client.
  Status Split(const std::string& name, std::vector<data::Example> examples) {
    if (examples.empty()) return {};
    for (data::Example& example : examples) example.client = name;
    const bool holds_out = site_.config.evaluation.on != "test";
    ASSIGN_OR_RETURN(const auto clients,
                     data::MakePartition(examples, {data::Scheme::kByClient, 0, 0,
                                                    holds_out ? site_.config.evaluation.holdout : 0,
                                                    site_.config.PartitionSeed()}));
    site_.train = clients.at(0).train;
    site_.held_out = clients.at(0).held_out;
    return {};
  }

 private:
  const Settings& settings_;
  const client::TextModel& model_;
  Site& site_;
};

client::Example ExampleAt(const data::Corpus& corpus, size_t i) {
  return {corpus.Ids(i), corpus.TypeIds(i), corpus.labels[i]};
}

}  // namespace

Result<client::TextModel> FindModel(const Settings& settings, const std::string& digest) {
  std::vector<std::string> found;
  for (const std::string& directory : settings.models) {
    auto model = client::OpenTextModel(directory);
    if (model && model->directory.digest.Hex() == digest) return *std::move(model);
    found.push_back(model ? fmt::format("{} is {}", directory, model->directory.digest.Hex())
                          : model.error().message);
  }
  std::error_code error;
  const std::filesystem::path fetched = FetchedModel(settings, digest);
  if (std::filesystem::is_directory(fetched, error)) {
    auto model = client::OpenTextModel(fetched);
    if (model && model->directory.digest.Hex() == digest) {
      std::filesystem::last_write_time(fetched, std::filesystem::file_time_type::clock::now(),
                                       error);  // the last to leave when room is needed
      return *std::move(model);
    }
  }
  return MakeError(Code::kFailedPrecondition,
                   "the run needs the base model {}; of `models`, {}; what policy.models lists is "
                   "fetched where the coordinator offers it",
                   digest,
                   found.empty() ? "there is none" : fmt::format("{}", fmt::join(found, "; ")));
}

client::SiteData Site::DataFor(const std::string& name, int64_t rank, TaskKind kind) const {
  client::SiteData data{name, rank, {}, {}};
  if (Traits(kind).is_designated) {
    for (size_t i = 0; i < public_rows.rows(); ++i) data.train.push_back(ExampleAt(public_rows, i));
    for (size_t i = 0; i < test_rows.rows(); ++i) data.held_out.push_back(ExampleAt(test_rows, i));
    return data;
  }
  for (int64_t row : train) data.train.push_back(ExampleAt(rows, static_cast<size_t>(row)));
  for (int64_t row : held_out) data.held_out.push_back(ExampleAt(rows, static_cast<size_t>(row)));
  return data;
}

Result<std::unique_ptr<Site>> LoadSite(const Settings& settings, const std::string& name,
                                       const config::Config& plan) {
  auto site = std::make_unique<Site>();
  site->config = plan;
  ASSIGN_OR_RETURN(const client::TextModel text, FindModel(settings, site->config.model.digest));
  ASSIGN_OR_RETURN(strategy::AdapterSpec adapter,
                   plan::AdapterOf(site->config, {text.directory.family, text.directory.config}));
  site->tasks = plan::TasksOf(site->config, std::move(adapter));
  Loader loader(settings, text, *site);
  std::vector<data::Example> examples;
  ASSIGN_OR_RETURN(site->rows, loader.Read(settings.data.train, &examples));
  ASSIGN_OR_RETURN(site->public_rows, loader.Read(settings.data.public_train));
  ASSIGN_OR_RETURN(site->test_rows, loader.Read(settings.data.test));
  RETURN_IF_ERROR(loader.Split(name, std::move(examples)));
  ASSIGN_OR_RETURN(const auto trainer, client::OpenTrainer());
  ASSIGN_OR_RETURN(site->model, trainer->Load({text.directory.path, site->config.model.task,
                                               site->tasks.labels, settings.device}));
  return site;
}

}  // namespace tributary::edge
