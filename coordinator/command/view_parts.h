#pragma once
// Pieces of what a terminal shows of a run, for `simulate` and `watch`. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "aggregation/base/task.h"

namespace tributary {

std::string_view StageWords(TaskKind kind);  // "training", "evaluating on clients"

// "[######..................]": `done` of `all`, which may be 0.
std::string Bar(int64_t done, int64_t all, int64_t width = 24);

// The newest `width` of the values, each as high as it lies between the lowest and the highest.
std::string SparkLine(std::span<const double> values, size_t width, bool utf8);

// A line of a terminal: never wider than the terminal, whatever is added. Styles count nothing.
class ScreenLine {
 public:
  enum class Style { kPlain, kBold, kGood, kWarning, kBad, kFaint };
  ScreenLine(size_t width, bool colour) : left_(width), colour_(colour) {}
  ScreenLine& Add(std::string_view text, Style style = Style::kPlain);  // UTF-8
  const std::string& text() const { return text_; }

 private:
  size_t left_;
  const bool colour_;
  std::string text_;
};

}  // namespace tributary
