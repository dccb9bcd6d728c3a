// tributary methods

#include <fmt/ranges.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "aggregation/base/units.h"
#include "aggregation/strategy/method.h"
#include "client/model/directory.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

using strategy::Method;

struct Options {
  std::string model;
  bool json = false;
  int64_t rank = 8, cohort = 10, labels = 0;
  std::vector<std::string> targets = {"query", "value"};
};

struct Bytes {
  int64_t up = 0, down = 0;
};

// For one client in the round after the first; counted where a model is given.
std::optional<Bytes> BytesOf(const Method& method, const Options& options,
                             const std::vector<adapter::Target>& targets, int64_t head) {
  if (targets.empty()) return std::nullopt;
  Bytes bytes;
  bytes.up = bytes.down = method.local_head ? 0 : 4 * head;
  for (const adapter::Target& target : targets) {
    const strategy::Exchange exchange{
        target.out, target.in, options.rank, options.rank, options.cohort * options.rank, 1};
    bytes.up += 4 * method.elements_up(exchange);
    bytes.down += 4 * method.elements_down(exchange);
  }
  return bytes;
}

std::string_view RanksText(const Method& method) {
  switch (method.ranks) {
    case strategy::Ranks::kEqual:
      return "equal";
    case strategy::Ranks::kLeading:
      return "mixed (clients take the leading rows)";
    case strategy::Ranks::kBlock:
      return "mixed (clients train a leading block)";
  }
  return "";
}

void PrintText(const Method& m, const std::optional<Bytes>& bytes) {
  const auto cost = [](std::string_view formula, const std::optional<int64_t>& count) {
    return count ? fmt::format("{} ({})", FormatSize(*count), formula) : std::string(formula);
  };
  fmt::print("{}  {} ({})\n", m.name, m.title, m.reference);
  fmt::print("  trains    {}\n  rule      {}\n", m.trained, m.rule);
  fmt::print("  up        {}\n  down      {}\n",
             cost(m.up, bytes ? std::optional(bytes->up) : std::nullopt),
             cost(m.down, bytes ? std::optional(bytes->down) : std::nullopt));
  fmt::print("  ranks     {}\n  servers   {}\n  privacy   {}\n", RanksText(m),
             m.is_mean() ? "any server optimizer" : "no server optimizer",
             m.additive() ? "central differential privacy"
                          : "none: its rule is not a mean of one trained factor");
  fmt::print("  starts    {}\n\n", fmt::join(m.starts, ", "));
}

nlohmann::ordered_json ToJson(const Method& m, const std::optional<Bytes>& bytes) {
  nlohmann::ordered_json json = {{"name", m.name},
                                 {"title", m.title},
                                 {"reference", m.reference},
                                 {"kind", m.kind},
                                 {"trained", m.trained},
                                 {"rule", m.rule},
                                 {"up", m.up},
                                 {"down", m.down},
                                 {"bytes_up", nullptr},
                                 {"bytes_down", nullptr},
                                 {"mixed_ranks", m.ranks != strategy::Ranks::kEqual},
                                 {"server_optimizers", m.is_mean()},
                                 {"central_privacy", m.additive()},
                                 {"starts", nlohmann::ordered_json::array()}};
  if (bytes) json["bytes_up"] = bytes->up, json["bytes_down"] = bytes->down;
  for (const std::string_view start : m.starts) json["starts"].push_back(start);
  return json;
}

Result<int> Run(const Options& options) {
  std::vector<adapter::Target> targets;
  int64_t head = 0;
  if (!options.model.empty()) {
    ASSIGN_OR_RETURN(const model::Directory base, model::OpenDirectory(options.model));
    ASSIGN_OR_RETURN(targets, model::SelectTargets(model::LinearLayers(*base.family, base.config),
                                                   options.targets));
    for (const auto& [name, entry] : model::HeadLayout(*base.family, base.config, options.labels))
      head += options.labels > 0 ? ElementCount(entry.shape).value_or(0) : 0;
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Method* method : strategy::Methods()) {
    const auto bytes = BytesOf(*method, options, targets, head);
    if (options.json)
      list.push_back(ToJson(*method, bytes));
    else
      PrintText(*method, bytes);
  }
  if (options.json) {
    fmt::print("{}\n", DumpJson(nlohmann::ordered_json{{"schema", 1}, {"methods", list}}, 2));
    return kDone;
  }
  fmt::print(
      "Up and down are {} for each client and round, of f32 elements{}; m x n is an adapted layer "
      "(out x in), r the rank, s the scale,\n"
      "p_k a client's share. A method's first start is its default.\n",
      targets.empty() ? "formulas" : "bytes",
      targets.empty()
          ? ""
          : fmt::format(", of {} layers at rank {} after a round of {} clients{}", targets.size(),
                        options.rank, options.cohort,
                        head > 0 ? ", head included" : ", without the head (--labels adds it)"));
  return kDone;
}

}  // namespace

CommandBody AddMethods(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("--model", options->model,
              "Count the bytes for this model directory; formulas otherwise")
      .TypeName("DIR");
  line.Option("--rank", options->rank, "Rank of run and clients").Between(1, 4096);
  line.Option("--targets", options->targets, "Linear layers to adapt, as adapter.targets")
      .SplitAt(',')
      .TypeName("NAME[,NAME]");
  line.Option("--cohort", options->cohort,
              "Clients of a round, for methods whose increments grow with them")
      .Between(1, 1'000'000);
  line.Option("--labels", options->labels, "Labels of the classifier, to count it too")
      .Between(2, 100'000);
  AddFormat(line, &options->json);
  line.Footer(
      "Examples:\n  tributary methods\n  tributary methods --model MODEL --rank 16 --targets "
      "query,value,output.dense --labels 27\n"
      "  tributary methods --format json");
  return [options] { return Run(*options); };
}

}  // namespace tributary
