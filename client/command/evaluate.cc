// tributary evaluate

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "aggregation/base/json.h"
#include "aggregation/base/metrics.h"
#include "client/command/model_options.h"
#include "client/command/text_input.h"
#include "client/data/dataset.h"
#include "client/task/task_runner.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

using client::Classifier;

constexpr size_t kConfusions = 5;  // of the worst

struct Options {
  client::ModelOptions model;
  std::string data, text, label = "label";
  bool json = false;
  int workers = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
};

Result<data::Corpus> ReadCorpus(const Options& options, const Classifier& classifier) {
  data::DatasetSource source{options.data, {}, options.label, "", {}};
  const std::string columns = !options.text.empty() ? options.text : classifier.pair ? "" : "text";
  if (columns.empty())
    return InvalidArgument(
        "the model was trained on pairs of texts: name both columns with --text A,B");
  ASSIGN_OR_RETURN(source.text, client::SplitColumns(columns));
  if (classifier.pair != (source.text.size() == 2))
    return InvalidArgument("--text names {} column{}, but the model was trained on {}",
                           source.text.size(), source.text.size() == 1 ? "" : "s",
                           classifier.pair ? "pairs of texts" : "single texts");
  ASSIGN_OR_RETURN(const data::Dataset dataset, data::ReadDataset(source));
  if (const std::string bad = dataset.bad.Summary(); !bad.empty())
    fmt::print(stderr, "warning: {}: {}\n", options.data, bad);
  ASSIGN_OR_RETURN(auto labels,
                   data::IndexLabels(dataset.examples, classifier.labels, options.data));
  const auto encode = [&](const std::string& text, const std::optional<std::string>& second,
                          std::vector<int32_t>* ids, std::vector<int32_t>* types) -> Status {
    const auto& tokenizer = *classifier.text.tokenizer;
    const auto encoding = second ? tokenizer.EncodePair(text, *second, classifier.max_length)
                                 : tokenizer.Encode(text, classifier.max_length);
    ids->insert(ids->end(), encoding.ids.begin(), encoding.ids.end());
    types->insert(types->end(), encoding.type_ids.begin(), encoding.type_ids.end());
    return {};
  };
  return data::MakeCorpus(dataset.examples, std::move(labels), encode, options.workers);
}

void PrintText(const Classifier& classifier, const Evaluation& evaluation, double seconds) {
  fmt::print(
      "rows      {}\nloss      {:.4f}\naccuracy  {:.4f}\nmacro-F1  {:.4f}\nspeed     {:.0f} "
      "rows/s\n",
      evaluation.rows(), evaluation.MeanLoss(), evaluation.Accuracy(), evaluation.MacroF1(),
      static_cast<double>(evaluation.rows()) / seconds);
  const auto worst = evaluation.WorstConfusions(kConfusions);
  if (!worst.empty()) fmt::print("most frequent mistakes:\n");
  for (const Confusion& c : worst)
    fmt::print("  {:>6} rows of {} taken for {}\n", c.rows,
               classifier.labels[static_cast<size_t>(c.truth)],
               classifier.labels[static_cast<size_t>(c.predicted)]);
}

void PrintJson(const Classifier& classifier, const Evaluation& evaluation, double seconds) {
  nlohmann::ordered_json json = {
      {"schema", 1},
      {"rows", evaluation.rows()},
      {"correct", evaluation.correct()},
      {"loss", evaluation.MeanLoss()},
      {"accuracy", evaluation.Accuracy()},
      {"macro_f1", evaluation.MacroF1()},
      {"rows_per_second", static_cast<double>(evaluation.rows()) / seconds},
      {"labels", classifier.labels},
      {"worst_confusions", nlohmann::ordered_json::array()}};
  for (const Confusion& c : evaluation.WorstConfusions(kConfusions))
    json["worst_confusions"].push_back(
        {{"truth", classifier.labels[static_cast<size_t>(c.truth)]},
         {"predicted", classifier.labels[static_cast<size_t>(c.predicted)]},
         {"rows", c.rows}});
  fmt::print("{}\n", DumpJson(json, 2));
}

Result<int> Run(const Options& options) {
  ASSIGN_OR_RETURN(const Classifier classifier, options.model.Open());
  ASSIGN_OR_RETURN(const data::Corpus corpus, ReadCorpus(options, classifier));
  const auto labels = static_cast<int64_t>(classifier.labels.size());
  ASSIGN_OR_RETURN(const auto model, options.model.Load(labels));
  std::vector<client::Example> rows;
  for (size_t i = 0; i < corpus.rows(); ++i)
    rows.push_back({corpus.Ids(i), corpus.TypeIds(i), corpus.labels[i]});
  const auto began = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const client::EvaluateResult counts,
                   client::EvaluateRows(*model, classifier.adapter, rows, options.workers, {}));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  ASSIGN_OR_RETURN(const Evaluation evaluation,
                   Evaluation::FromCounts(labels, counts.confusion, {}, counts.loss_sum));
  (options.json ? PrintJson : PrintText)(classifier, evaluation, std::max(took.count(), 1e-9));
  return kDone;
}

}  // namespace

CommandBody AddEvaluate(CommandLine line) {
  auto options = std::make_shared<Options>();
  options->model.AddTo(line);
  line.Option("--data", options->data, "Labelled rows: .jsonl, .csv or .tsv")
      .Required()
      .TypeName("FILE");
  line.Option("--text", options->text, "Column of the text (default: text), or two for pairs")
      .TypeName("COL[,COL]");
  line.Option("--label", options->label, "Column of the label").TypeName("COL");
  line.Option("--workers", options->workers, "Threads; never changes a result").Between(1, 1024);
  AddFormat(line, &options->json);
  line.Footer(
      "Examples:\n  tributary evaluate --model MODEL --adapter runs/first/adapter --data "
      "test.jsonl\n"
      "  tributary evaluate --model MERGED --data pairs.csv --text premise,hypothesis --label "
      "relation --format json");
  return [options] { return Run(*options); };
}

}  // namespace tributary
