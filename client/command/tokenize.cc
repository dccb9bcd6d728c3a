// tributary tokenize

#include <fmt/ranges.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "client/command/input_lines.h"
#include "client/task/text_model.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

struct Options {
  std::string model;
  bool json = false;
};

Result<int> Run(const Options& options) {
  ASSIGN_OR_RETURN(const client::TextModel text, client::OpenTextModel(options.model));
  auto lines = client::InputLines::StandardInput();
  for (std::string line;;) {
    ASSIGN_OR_RETURN(const bool more, lines.Next(&line));
    if (!more) return kDone;
    const auto ids = text.tokenizer->Encode(line).ids;
    if (options.json)
      fmt::print("{}\n", DumpJson(nlohmann::ordered_json{{"schema", 1}, {"ids", ids}}));
    else
      fmt::print("{}\n", fmt::join(ids, " "));
    if (!lines.IsReady()) std::fflush(stdout);
  }
}

}  // namespace

CommandBody AddTokenize(CommandLine line) {
  auto options = std::make_shared<Options>();
  line.Option("--model", options->model, "Model directory: config.json, tokenizer.json, weights")
      .Required()
      .TypeName("DIR");
  AddFormat(line, &options->json, "text, or json: an object a line");
  line.Footer(
      "One text a line on standard input; its ids, special tokens included and nothing cut, on one "
      "line out.\n"
      "Example:\n  echo 'small daemon that watches directories' | tributary tokenize --model "
      "MODEL");
  return [options] { return Run(*options); };
}

}  // namespace tributary
