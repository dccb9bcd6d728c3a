// tributary predict

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "client/command/model_options.h"
#include "client/command/text_input.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

using client::Classifier;
using client::TextInput;

constexpr size_t kBatch = 64;  // lines of one forward pass, when so many are there

struct Options {
  client::ModelOptions model;
  std::string data, text;
  bool json = false;
};

std::vector<double> Softmax(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> p;
  double sum = 0;
  for (float logit : logits) sum += p.emplace_back(std::exp(static_cast<double>(logit) - largest));
  for (double& value : p) value /= sum;
  return p;
}

void Print(const Classifier& classifier, std::span<const float> logits, bool json) {
  const std::vector<double> p = Softmax(logits);
  const auto best = static_cast<size_t>(std::max_element(p.begin(), p.end()) - p.begin());
  const std::string& label = classifier.labels[best];
  if (!json) return fmt::print("{}\t{:.4f}\n", label, p[best]);
  std::string numbers;
  for (float logit : logits) numbers += fmt::format("{}{}", numbers.empty() ? "" : ",", logit);
  fmt::print("{{\"label\":{},\"probability\":{},\"logits\":[{}]}}\n",
             DumpJson(nlohmann::json(label)), p[best], numbers);
}

Status PredictBatch(const Classifier& classifier, const client::Model& model,
                    std::span<const TextInput::Text> texts, bool json) {
  std::vector<data::Tokenizer::Encoding> encodings;
  for (const TextInput::Text& text : texts)
    encodings.push_back(
        text.second
            ? classifier.text.tokenizer->EncodePair(text.first, *text.second, classifier.max_length)
            : classifier.text.tokenizer->Encode(text.first, classifier.max_length));
  std::vector<client::Example> examples;
  for (const auto& encoding : encodings) examples.push_back({encoding.ids, encoding.type_ids});
  ASSIGN_OR_RETURN(const Tensor logits, model.Logits(classifier.adapter, examples, {}));
  if (!AllFinite(logits.view())) return MakeError(Code::kOutOfRange, "a logit is not finite");
  const size_t labels = classifier.labels.size();
  for (size_t i = 0; i < texts.size(); ++i)
    Print(classifier, logits.f32().subspan(i * labels, labels), json);
  std::fflush(stdout);
  return {};
}

Result<int> Run(const Options& options) {
  ASSIGN_OR_RETURN(const Classifier classifier, options.model.Open());
  ASSIGN_OR_RETURN(const auto input, TextInput::Open(options.data, options.text, classifier.pair));
  ASSIGN_OR_RETURN(const auto model,
                   options.model.Load(static_cast<int64_t>(classifier.labels.size())));
  std::vector<TextInput::Text> batch;
  for (bool more = true; more;) {
    TextInput::Text text;
    const auto next = input->Next(&text);  // what was read before a bad line is answered first
    more = next && *next;
    if (more) batch.push_back(std::move(text));
    if (!batch.empty() && (!more || batch.size() == kBatch || !input->IsReady())) {
      RETURN_IF_ERROR(PredictBatch(classifier, *model, batch, options.json));
      batch.clear();
    }
    if (!next) return tl::unexpected(next.error());
  }
  return kDone;
}

}  // namespace

CommandBody AddPredict(CommandLine line) {
  auto options = std::make_shared<Options>();
  options->model.AddTo(line);
  line.Option("--data", options->data,
              "Read this file instead of standard input: .jsonl, .csv, .tsv by column, else a "
              "text a line")
      .TypeName("FILE");
  line.Option("--text", options->text,
              "Column of the text, or two for pairs; standard input is then JSONL")
      .TypeName("COL[,COL]");
  AddFormat(line, &options->json,
            "text (label, tab, probability) or json (with all logits in label order)");
  line.Footer(
      "One line out for each line in, in order, answered as they come.\nExamples:\n"
      "  echo 'tool to convert images' | tributary predict --model MODEL --adapter "
      "runs/first/adapter\n"
      "  tributary predict --model MODEL --adapter runs/first/adapter --data test.jsonl --text "
      "text --format json\n"
      "  tributary predict --model MERGED < texts.txt");
  return [options] { return Run(*options); };
}

}  // namespace tributary
