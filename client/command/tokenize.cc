// tributary tokenize

#include <fmt/ranges.h>

#include <cstdio>

#include "client/command/input_lines.h"
#include "client/task/text_model.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

Result<int> Run(const std::string& model) {
  ASSIGN_OR_RETURN(const client::TextModel text, client::OpenTextModel(model));
  auto lines = client::InputLines::StandardInput();
  for (std::string line;;) {
    ASSIGN_OR_RETURN(const bool more, lines.Next(&line));
    if (!more) return kDone;
    fmt::print("{}\n", fmt::join(text.tokenizer->Encode(line).ids, " "));
    if (!lines.IsReady()) std::fflush(stdout);
  }
}

}  // namespace

CommandBody AddTokenize(CommandLine line) {
  auto model = std::make_shared<std::string>();
  line.Option("--model", *model, "Model directory: config.json, tokenizer.json, weights")
      .Required()
      .TypeName("DIR");
  line.Footer(
      "One text a line on standard input; its ids, special tokens included and nothing cut, on one "
      "line out.\n"
      "Example:\n  echo 'small daemon that watches directories' | tributary tokenize --model "
      "MODEL");
  return [model] { return Run(*model); };
}

}  // namespace tributary
