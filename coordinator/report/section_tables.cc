// The figures themselves: every round, and the plan that made them.

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/config/render.h"
#include "coordinator/report/sections.h"
#include "coordinator/report/svg.h"

namespace tributary::report {
namespace {

std::string Cell(const std::optional<double>& value, Format format) {
  return fmt::format("<td>{}</td>", value ? Escape(format(*value)) : "–");
}
std::string Count(int64_t value) {
  return fmt::format("<td>{}</td>", AsRound(static_cast<double>(value)));
}

std::string Words(Reason reason) {
  std::string words(Name(reason));
  std::ranges::replace(words, '_', ' ');
  return words;
}

std::string Lost(const Round& round) {
  std::string out;
  for (const auto& [reason, count] : round.dropped)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, Words(reason));
  for (const Attempt& attempt : round.abandoned)
    out += fmt::format("{}attempt {} abandoned: {}", out.empty() ? "" : "; ", attempt.attempt + 1,
                       Words(attempt.reason));
  return Escape(out.empty() ? "–" : out);
}

std::string Row(const Page& page, const Round& r, bool is_private) {
  const auto& scores = page.view.ScoresOf(r);
  std::string out =
      fmt::format("<tr{}><th scope=\"row\">{}</th>", &r == page.Kept() ? " class=\"marked\"" : "",
                  AsRound(static_cast<double>(r.round)));
  out +=
      Count(r.selected) + Count(r.reported) + fmt::format("<td class=\"words\">{}</td>", Lost(r));
  out += Cell(r.train_loss, AsNumber) + Cell(scores ? scores->loss : std::nullopt, AsNumber);
  out += Cell(page.view.AccuracyOf(r), AsPercent) +
         Cell(scores ? scores->macro_f1 : std::nullopt, AsPercent);
  out += Cell(r.averaging_error, AsPercent);
  out += Cell(static_cast<double>(r.bytes_up), AsBytes) +
         Cell(static_cast<double>(r.bytes_down), AsBytes);
  if (is_private) out += Cell(r.spent ? std::optional(r.spent->epsilon) : std::nullopt, AsEpsilon);
  out += Cell(r.train_seconds, AsSeconds) + Cell(r.VirtualSeconds(), AsSeconds);
  return out + "</tr>\n";
}

std::string Fact(std::string_view name, std::string_view value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, Escape(value));
}
std::string Fact(std::string_view name, const Digest& digest) {
  return fmt::format("<div><dt>{}</dt><dd class=\"hex\">{}</dd></div>\n", name, digest.Hex());
}

}  // namespace

std::string RoundsSection(const Page& page) {
  const std::vector<Round>& rounds = page.view.rounds;
  const bool is_private =
      std::ranges::any_of(rounds, [](const Round& r) { return r.spent.has_value(); });
  std::string out =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of "
      "rounds\"><table><thead><tr><th scope=\"col\">round</th>"
      "<th scope=\"col\">selected</th><th scope=\"col\">reported</th><th scope=\"col\" "
      "class=\"words\">lost</th>"
      "<th scope=\"col\">train loss</th><th scope=\"col\">loss</th><th "
      "scope=\"col\">accuracy</th><th scope=\"col\">macro-F1</th>"
      "<th scope=\"col\">averaging error</th><th scope=\"col\">up</th><th scope=\"col\">down</th>";
  if (is_private) out += "<th scope=\"col\">ε</th>";
  out += "<th scope=\"col\">training</th><th scope=\"col\">virtual time</th></tr></thead><tbody>\n";
  const size_t head = rounds.size() <= kMaxTableRows ? rounds.size() : kMaxTableRows / 2;
  for (size_t i = 0; i < head; ++i) out += Row(page, rounds[i], is_private);
  if (head < rounds.size()) {
    const size_t left_out = rounds.size() - kMaxTableRows;
    out += fmt::format("<tr><td colspan=\"{}\">{} more rounds are in rounds.jsonl</td></tr>\n",
                       is_private ? 14 : 13, left_out);
    for (size_t i = head + left_out; i < rounds.size(); ++i)
      out += Row(page, rounds[i], is_private);
  }
  out +=
      "</tbody></table></div>\n<p class=\"note\">The marked round is the one that adapter/ is "
      "from.</p>";
  return Card("rounds", "Every round", out, true);
}

std::string PlanSection(const Page& page) {
  const RunFacts& f = page.facts;
  std::string facts;
  facts += Fact("base model", page.config.model.name) + Fact("base digest", f.base_digest);
  facts += Fact("plan digest", f.plan_digest);
  if (f.adapter) facts += Fact("adapter digest", *f.adapter);
  facts += Fact("numerics", f.numerics) + Fact("program", "tributary " + f.version);
  facts += Fact("wall time", AsSeconds(f.wall_seconds)) +
           Fact("of that training", AsSeconds(page.view.TrainSeconds()));
  facts += Fact("peak memory", AsBytes(static_cast<double>(f.peak_rss_bytes)));
  facts += Fact("adapted layers", AsRound(static_cast<double>(f.targets.size())));
  facts += Fact("labels", fmt::format("{}", fmt::join(f.labels, ", ")));
  return Card("plan", "What was run",
              "<dl class=\"facts\">" + facts + "</dl><h3>run.toml</h3><pre tabindex=\"0\">" +
                  Escape(config::RenderToml(page.config)) + "</pre>",
              true);
}

}  // namespace tributary::report
