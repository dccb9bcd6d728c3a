// What it cost: bytes, privacy, the clients' time.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "coordinator/report/charts.h"
#include "coordinator/report/method_bytes.h"
#include "coordinator/report/privacy_view.h"
#include "coordinator/report/sections.h"
#include "coordinator/report/timeline.h"

namespace tributary::report {

std::string BytesSection(const Page& page) {
  BarChart chart{.caption = {"bytes", "Bytes by round", ""},
                 .lower_name = "up",
                 .upper_name = "down",
                 .format = AsBytes};
  int64_t reports = 0;
  for (const Round& round : page.view.rounds) {
    chart.x.push_back(static_cast<double>(round.round));
    chart.lower.push_back(static_cast<double>(round.bytes_up));
    chart.upper.push_back(static_cast<double>(round.bytes_down));
    if (round.round > 0) reports += round.reported;
  }
  const auto up = static_cast<double>(page.view.BytesUp()),
             down = static_cast<double>(page.view.BytesDown());
  if (up + down == 0)
    return Card("bytes", "Bytes by round", "<p class=\"note\">No bytes were counted yet.</p>");
  std::string text = fmt::format(
      "<p>Clients sent <b>{}</b> and fetched <b>{}</b>, start statistics and evaluations included",
      AsBytes(up), AsBytes(down));
  if (reports > 0)
    text += fmt::format("; that is {} for each of the {} updates that counted",
                        AsBytes((up + down) / static_cast<double>(reports)),
                        AsRound(static_cast<double>(reports)));
  chart.caption.description = fmt::format("{} up and {} down in all.", AsBytes(up), AsBytes(down));
  return Card("bytes", "Bytes by round", text + ". Round 0 is the start.</p>" + Render(chart));
}

std::string MethodsSection(const Page& page) {
  RowChart chart{.caption = {"methods", "Bytes of the training rounds under each method",
                             "By the methods' formulas."},
                 .first_name = "up",
                 .second_name = "down",
                 .rows = {},
                 .format = AsBytes};
  RowChart::Row measured{"this run", "measured, without evaluations", 0, 0, true};
  for (const Round& round : page.view.rounds) {
    if (round.round == 0) continue;
    measured.first += static_cast<double>(round.work_bytes_up);
    measured.second += static_cast<double>(round.work_bytes_down);
  }
  if (page.view.CommittedRounds() == 0)
    return Card("methods", "Beside every other method",
                "<p class=\"note\">No round of training was committed yet.</p>");
  chart.rows.push_back(measured);
  std::string formulas;
  for (const MethodBytes& m : BytesOfMethods(page.view, page.config, page.facts)) {
    const bool is_own = m.method == page.method;
    chart.rows.push_back(
        {std::string(m.method->title),
         fmt::format("{}: {} up, {} down", m.method->title, AsBytes(static_cast<double>(m.up)),
                     AsBytes(static_cast<double>(m.down))),
         static_cast<double>(m.up), static_cast<double>(m.down), is_own});
    formulas += fmt::format("<tr{}><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n",
                            is_own ? " class=\"marked\"" : "", Escape(m.method->title),
                            Escape(m.method->up), Escape(m.method->down));
  }
  return Card(
      "methods", "Beside every other method",
      "<p>The training rounds as they were, and what the same cohorts would move under each method "
      "by its formula.</p>" +
          Render(chart) +
          "<details><summary>Formulas</summary><p class=\"note\">Numbers per client and adapted "
          "layer, r = rank, m = outputs, "
          "n = inputs; the head comes on top. A client has everything of the round before.</p>"
          "<div "
          "class=\"scroll\"><table><thead><tr><th>method</th><th>up</th><th>down</th></tr></"
          "thead><tbody>" +
          formulas + "</tbody></table></div></details>");
}

namespace {

// What each client sent, in words: the other half of any statement about privacy.
std::string WhatLeft(const Page& page, bool is_private) {
  const config::Config& c = page.config;
  std::string out = "<p>What left a client:</p><ul class=\"left\">";
  const auto item = [&out](std::string_view text) { out += fmt::format("<li>{}</li>", text); };
  item(is_private ? "in each round that drew it, one clipped update of what it trained; the "
                    "coordinator sees it before the noise is added"
                  : "in each round that drew it, one update of what it trained, and its numbers of "
                    "rows, steps and tokens and its loss");
  if (c.federation.head_start == "ridge")
    item(
        "once, sums over its rows that solve for the starting head: second moments of features, "
        "and class counts");
  if (c.adapter.start == "client-gradient") item("once, the summed gradient of its rows");
  if (c.evaluation.on != "test" || page.view.shows_clients)
    item("counts of its held-out rows: how many, how many right, which class for which");
  return out + "</ul>";
}

}  // namespace

std::string PrivacySection(const Page& page) {
  const auto event = TrainingEvent(page.config, static_cast<int64_t>(page.facts.clients.size()),
                                   page.facts.noise_multiplier);
  std::string text = fmt::format("<p class=\"statement {}\">{}</p>",
                                 event && page.config.privacy.noise != "seeded" ? "good" : "warn",
                                 Escape(page.view.privacy));
  if (!event)
    return Card("privacy", "Privacy spent",
                text + WhatLeft(page, false) +
                    "<p>No row left its client, but updates and sums were seen as they are, and "
                    "the adapter may remember what it was "
                    "trained on. <code>[privacy] mode = \"central\"</code> bounds what the adapter "
                    "can reveal about any one client.</p>");
  LineChart chart{.caption = {"epsilon", "Epsilon by round",
                              "Privacy spent up to and with each round; it never falls."},
                  .series = {{"epsilon", "s4", {}}},
                  .format = AsEpsilon,
                  .from_zero = true};
  int64_t charged_for_nothing = 0;
  for (const Round& round : page.view.rounds) {
    if (round.spent)
      chart.series[0].points.push_back({static_cast<double>(round.round), round.spent->epsilon});
    charged_for_nothing += std::ranges::count_if(round.abandoned, &Attempt::is_charged);
  }
  text += fmt::format(
      "<p>Each round is charged as one {}; every update is clipped to a norm of {:g}.{}</p>",
      Escape(privacy::Describe(*event)), page.config.privacy.clip_norm,
      charged_for_nothing == 0 ? ""
      : charged_for_nothing == 1
          ? " One abandoned attempt was charged too."
          : fmt::format(" {} abandoned attempts were charged too.", charged_for_nothing));
  return Card("privacy", "Privacy spent", text + Render(chart) + WhatLeft(page, true));
}

namespace {

// The newest rounds that fit the limit, oldest first.
std::vector<const Round*> Choosable(const Page& page) {
  std::vector<const Round*> rounds;
  size_t marks = 0;
  for (auto it = page.view.rounds.rbegin(); it != page.view.rounds.rend(); ++it) {
    if (it->clients.empty() || !it->work_closed) continue;
    marks += std::min(it->clients.size(), kMaxTimelineRows);
    if (marks > kMaxTimelineMarks && !rounds.empty()) break;
    rounds.push_back(&*it);
  }
  std::ranges::reverse(rounds);
  return rounds;
}

}  // namespace

std::string TimelineSection(const Page& page) {
  const std::vector<const Round*> rounds = Choosable(page);
  if (rounds.empty())
    return Card("timeline", "Clients of a round", "<p class=\"note\">No round has ended yet.</p>");
  std::string options, charts;
  for (const Round* round : rounds) {
    const bool is_shown = round == rounds.back();
    const std::string number = AsRound(static_cast<double>(round->round));
    options +=
        fmt::format("<option value=\"{}\"{}>{}</option>", round->round,
                    is_shown ? " selected=\"\"" : "", round->round == 0 ? "0 (start)" : number);
    charts += fmt::format(
        "<div class=\"tall\" tabindex=\"0\" role=\"region\" aria-label=\"Clients of round {}\" "
        "data-round=\"{}\"{}>",
        number, round->round, is_shown ? "" : " hidden=\"\"");
    charts += RenderTimeline(
        *round,
        {fmt::format("timeline-{}", round->round), fmt::format("Clients of round {}", number),
         fmt::format("{} of {} selected clients reported.", round->reported, round->selected)});
    charts += "</div>\n";
  }
  return Card("timeline", "Clients of a round",
              "<p>When each client reported, by the run's clock (virtual in a simulation). Hatched "
              "bars ended without an update; the dashed line is where the coordinator "
              "closed the round.</p><p class=\"chooser\" hidden=\"\"><label "
              "for=\"round\">Round</label> <select id=\"round\">" +
                  options + "</select></p>" + charts);
}

}  // namespace tributary::report
