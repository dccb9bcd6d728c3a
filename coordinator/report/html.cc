#include "coordinator/report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "coordinator/report/page.h"
#include "coordinator/report/sections.h"
#include "coordinator/report/style.h"
#include "coordinator/report/svg.h"

namespace tributary::report {
namespace {

std::string Tile(std::string_view name, std::string_view value, std::string_view note,
                 std::string_view style = "") {
  return fmt::format("<div class=\"tile {}\"><dt>{}</dt><dd>{}<small>{}</small></dd></div>\n",
                     style, name, Escape(value), Escape(note));
}

std::string AccuracyTile(const Page& page) {
  const auto kept = page.Kept() ? page.view.AccuracyOf(*page.Kept()) : std::nullopt;
  const auto start = page.Start() ? page.view.AccuracyOf(*page.Start()) : std::nullopt;
  if (!kept) return Tile("Accuracy", "–", "not evaluated");
  std::string note = "no evaluation of the start";
  if (start)
    note = fmt::format("{}{:.1f} points over the start ({})", *kept < *start ? "−" : "+",
                       std::abs(100 * (*kept - *start)), AsPercent(*start));
  return Tile("Accuracy", AsPercent(*kept), note, "lead");
}

std::string PrivacyTile(const Page& page) {
  if (page.config.privacy.mode == "none")
    return Tile("Privacy", "NOT PRIVATE", "no mechanism was used", "warn");
  const auto& spent =
      page.view.rounds.empty() ? std::optional<privacy::Spent>() : page.view.rounds.back().spent;
  const std::string figure = spent ? "ε = " + AsEpsilon(spent->epsilon) : "–";
  const std::string delta = fmt::format("δ = {:.2g}, per client", page.config.privacy.delta);
  if (page.config.privacy.noise == "seeded")
    return Tile("Privacy", "not private", "simulation with seeded noise", "warn");
  return Tile("Privacy", figure, delta, "good");
}

std::string Status(const Page& page) {
  const auto words = [](Reason reason) {
    std::string text(Name(reason));
    std::ranges::replace(text, '_', ' ');
    return text;
  };
  if (page.view.finished)
    return *page.view.finished == Reason::kComplete
               ? ""
               : fmt::format("The run ended early: {}.", words(*page.view.finished));
  if (page.view.paused)
    return fmt::format("The run is paused: {}. It can be resumed.", words(*page.view.paused));
  return "The run has not ended; this page shows what there is.";
}

}  // namespace

std::string Page::MethodTitle() const {
  return method != nullptr ? std::string(method->title) : config.adapter.method;
}

std::string Card(std::string_view id, std::string_view heading, std::string_view body,
                 bool is_wide) {
  return fmt::format(
      "<section class=\"card{}\" aria-labelledby=\"h-{}\"><h2 id=\"h-{}\">{}</h2>\n{}</section>\n",
      is_wide ? " wide" : "", id, id, heading, body);
}

std::string Headline(const Page& page) {
  const RunView& view = page.view;
  const int64_t rounds = view.CommittedRounds();
  const auto clients = static_cast<double>(page.facts.clients.size());
  int64_t rows = 0;
  for (const ClientFacts& client : page.facts.clients) rows += client.rows;
  const auto& cohort = page.config.federation.cohort.clients;
  const auto up = static_cast<double>(view.BytesUp()), down = static_cast<double>(view.BytesDown());

  std::string out = OpenHeader(fmt::format("{} on {}", page.MethodTitle(), page.config.model.name));
  out += fmt::format(
      "<p class=\"lede\">{} clients fine-tuned one model together over {} rounds. None of them "
      "shared a row.</p>\n",
      AsRound(clients), AsRound(static_cast<double>(rounds)));
  if (const std::string status = Status(page); !status.empty())
    out += fmt::format("<p class=\"statement warn\">{}</p>\n", Escape(status));
  out += "<dl class=\"tiles\">\n" + AccuracyTile(page);
  out += Tile("Rounds", AsRound(static_cast<double>(rounds)),
              "of " + AsRound(static_cast<double>(page.config.federation.rounds)) + " planned");
  out += Tile(
      "Clients", AsRound(clients),
      fmt::format("{} a round, {} rows", cohort ? AsRound(static_cast<double>(*cohort)) : "all",
                  AsRound(static_cast<double>(rows))));
  out += Tile("Bytes moved", AsBytes(up + down),
              fmt::format("{} up, {} down", AsBytes(up), AsBytes(down)));
  out += PrivacyTile(page);
  return out + "</dl>\n</header>\n";
}

std::string RenderHtml(const RunView& view, const config::Config& config, const RunFacts& facts) {
  const Page page{view, config, facts, strategy::FindMethod(config.adapter.method)};
  std::string out = OpenPage(fmt::format("{} on {}", page.MethodTitle(), config.model.name));
  out += std::string(kPatterns) + Headline(page) + "<main>\n";
  for (auto* section :
       {AccuracySection, LossSection, AveragingSection, SpreadSection, BytesSection, MethodsSection,
        TimelineSection, PrivacySection, RoundsSection, PlanSection})
    out += section(page);
  out += "</main>\n";
  return out + ClosePage(fmt::format("Written by Tributary {} from the journal of the run.",
                                     facts.version));
}

}  // namespace tributary::report
