// Training speed of the module: LoRA of rank 8 on query and value, batches of 32, on real text.
// Usage: training_bench MODEL_DIR TEXT_FILE [--length N] [--steps N] [--threads N]
// --length N cuts every text to exactly N tokens (texts that are shorter are left out).

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>

#include "aggregation/base/random.h"
#include "client/data/tokenizer.h"
#include "client/model/directory.h"
#include "client/trainer_module.h"

namespace tributary {
namespace {

struct Arguments {
  std::string model, text;
  size_t length = 0;
  int64_t steps = 40;
  int threads = 2;
};

adapter::Instance LoraStart(const model::Directory& directory) {
  adapter::Instance instance;
  instance.scale = 2;
  const std::vector<std::string> patterns = {"query", "value"};
  const auto targets =
      model::SelectTargets(model::LinearLayers(*directory.family, directory.config), patterns);
  for (const adapter::Target& target : *targets) {
    Tensor a(DType::kF32, {8, target.in});
    Random(1, "a", {target.module}).FillUniform(a.f32(), -0.05F, 0.05F);
    instance.layers.push_back(
        {target,
         {{"lora_B", adapter::Form::kDense, Tensor(DType::kF32, {target.out, 8}), true, 0},
          {"lora_A", adapter::Form::kDense, std::move(a), true, 0}},
         {}});
  }
  for (const auto& [name, entry] : model::HeadLayout(*directory.family, directory.config, 27)) {
    instance.head[name] = Tensor(DType::kF32, entry.shape);
    Random(1, "head", {name}).FillNormal(instance.head[name].f32(), 0.02F);
  }
  return instance;
}

Result<int> Run(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto directory, model::OpenDirectory(arguments.model));
  ASSIGN_OR_RETURN(
      const auto tokenizer,
      data::Tokenizer::Load(std::filesystem::path(arguments.model) / "tokenizer.json"));
  std::ifstream in(arguments.text);
  std::vector<std::vector<int32_t>> ids;
  for (std::string line;
       std::getline(in, line) && ids.size() < static_cast<size_t>(arguments.steps + 3) * 32;) {
    auto encoding = tokenizer->Encode(line, arguments.length > 0 ? arguments.length : 128);
    if (arguments.length == 0 || encoding.ids.size() == arguments.length)
      ids.push_back(std::move(encoding.ids));
  }
  if (ids.empty()) return InvalidArgument("{}: no texts", arguments.text);
  std::vector<client::Example> examples;
  for (size_t i = 0; i < ids.size(); ++i)
    examples.push_back({ids[i], {}, static_cast<int32_t>(i % 27)});
  ASSIGN_OR_RETURN(const auto trainer, client::OpenTrainer());
  ASSIGN_OR_RETURN(const auto model,
                   trainer->Load({arguments.model, "sequence-classification", 27, "cpu"}));
  const adapter::Instance start = LoraStart(directory);
  client::TrainTask task;
  task.start = &start;
  task.examples = examples;
  task.options.batch_size = 32;
  task.options.shards = arguments.threads;
  if (arguments.steps > 1) {  // warm up
    task.options.max_steps = 3;
    RETURN_IF_ERROR(model->Train(task, {}));
  }
  task.options.max_steps = arguments.steps;
  const auto began = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const auto result, model->Train(task, {}));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print(
      "{{\"examples_per_second\": {:.1f}, \"tokens_per_second\": {:.0f}, \"loss\": {:.5f}, "
      "\"peak_rss_mb\": {}}}\n",
      static_cast<double>(result.rows) / took.count(),
      static_cast<double>(result.tokens) / took.count(),
      result.loss_sum / static_cast<double>(result.rows), usage.ru_maxrss / 1024);
  return 0;
}

}  // namespace
}  // namespace tributary

int main(int argc, char** argv) {
  tributary::Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--length" && i + 1 < argc)
      arguments.length = std::stoul(argv[++i]);
    else if (word == "--steps" && i + 1 < argc)
      arguments.steps = std::stol(argv[++i]);
    else if (word == "--threads" && i + 1 < argc)
      arguments.threads = std::stoi(argv[++i]);
    else
      (arguments.model.empty() ? arguments.model : arguments.text) = word;
  }
  const auto result = tributary::Run(arguments);
  if (!result) fmt::print(stderr, "training_bench: {}\n", result.error().message);
  return result ? *result : 1;
}
