// Lines of a file to ids on one thread, uncached: prints {"lines_per_second", "tokens_per_second"}.
//   tokenizer_bench TOKENIZER_JSON TEXT_FILE [PASSES]

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "aggregation/base/file.h"
#include "client/data/tokenizer.h"

int main(int argc, char** argv) {
  using tributary::data::Tokenizer;
  if (argc < 3) {
    fmt::print(stderr, "usage: {} TOKENIZER_JSON TEXT_FILE [PASSES]\n", argv[0]);
    return 2;
  }
  const auto tokenizer = Tokenizer::Load(argv[1]);
  const auto text = tributary::ReadFile(argv[2]);
  if (!tokenizer || !text) {
    fmt::print(stderr, "{}\n", !tokenizer ? tokenizer.error().message : text.error().message);
    return 1;
  }
  std::vector<std::string_view> lines;
  for (std::string_view rest = *text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const int passes = argc > 3 ? std::max(1, std::atoi(argv[3])) : 5;
  double best = 1e300;
  size_t tokens = 0;
  for (int pass = 0; pass < passes; ++pass) {
    tokens = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (const std::string_view line : lines) tokens += (*tokenizer)->Encode(line).ids.size();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    best = std::min(best, seconds.count());
  }
  fmt::print(
      "{{\"lines\": {}, \"tokens\": {}, \"lines_per_second\": {:.0f}, \"tokens_per_second\": "
      "{:.0f}}}\n",
      lines.size(), tokens, static_cast<double>(lines.size()) / best,
      static_cast<double>(tokens) / best);
  return 0;
}
