// What was learnt: accuracy, loss, the error of plain averaging, the spread over clients.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "coordinator/report/charts.h"
#include "coordinator/report/sections.h"

namespace tributary::report {
namespace {

double X(const Round& round) { return static_cast<double>(round.round); }

template <typename Value>
Series SeriesOf(const Page& page, std::string name, std::string style, Value value) {
  Series series{std::move(name), std::move(style), {}};
  for (const Round& round : page.view.rounds)
    if (const std::optional<double> y = value(round)) series.points.push_back({X(round), *y});
  return series;
}

std::string Points(double difference) {
  return fmt::format("{}{:.1f} points", difference < 0 ? "−" : "+", std::abs(100 * difference));
}

std::string RowsEvaluated(const Page& page) {
  if (page.view.shows_clients) return "rows held out at the clients";
  return page.facts.test_rows > 0
             ? fmt::format("{} test rows", AsRound(static_cast<double>(page.facts.test_rows)))
             : "the test rows";
}

}  // namespace

std::string AccuracySection(const Page& page) {
  const RunView& view = page.view;
  LineChart chart{.caption = {"accuracy", "Accuracy by round", ""}, .format = AsPercent};
  chart.series.push_back(
      SeriesOf(page, "accuracy", "s1", [&](const Round& r) { return view.AccuracyOf(r); }));
  Series f1 = SeriesOf(page, "macro-F1", "s2", [&](const Round& r) {
    const auto& scores = view.ScoresOf(r);
    return scores ? scores->macro_f1 : std::nullopt;
  });
  if (!f1.points.empty()) chart.series.push_back(std::move(f1));
  const auto& points = chart.series.front().points;
  if (points.empty())
    return Card("accuracy", "Accuracy", "<p class=\"note\">Nothing was evaluated yet.</p>");

  const auto best = std::ranges::max_element(points, {}, &Point::y);
  std::string text =
      fmt::format("On {}, accuracy went from <b>{}</b> {} to <b>{}</b> in round {}",
                  RowsEvaluated(page), AsPercent(points.front().y),
                  points.front().x == 0 ? "at the start" : "in round " + AsRound(points.front().x),
                  AsPercent(points.back().y), AsRound(points.back().x));
  if (best->y > points.back().y)
    text += fmt::format("; the best round was {} with {}", AsRound(best->x), AsPercent(best->y));
  chart.reference = Reference{"start", points.front().y};
  chart.caption.description =
      fmt::format("From {} to {}.", AsPercent(points.front().y), AsPercent(points.back().y));
  return Card("accuracy", "Accuracy", "<p>" + text + ".</p>" + Render(chart));
}

std::string LossSection(const Page& page) {
  LineChart chart{
      .caption = {"loss", "Loss by round", "Mean loss of evaluated rows and of rows in training."}};
  const auto loss = [&](const Round& r) {
    const auto& scores = page.view.ScoresOf(r);
    return scores ? scores->loss : std::nullopt;
  };
  Series evaluated =
      SeriesOf(page, page.view.shows_clients ? "held-out rows" : "test rows", "s1", loss);
  Series training =
      SeriesOf(page, "clients, in training", "s2", [](const Round& r) { return r.train_loss; });
  if (evaluated.points.empty() && training.points.empty())
    return Card("loss", "Loss", "<p class=\"note\">No losses were recorded.</p>");
  std::string text = "<p>Mean cross-entropy.";
  if (!training.points.empty())
    text +=
        " Training losses are over the rows of each round's cohort, while it trains, and with the "
        "label calibration that the "
        "plan asks for; so the two lines need not meet.";
  for (Series* series : {&evaluated, &training})
    if (!series->points.empty()) chart.series.push_back(std::move(*series));
  return Card("loss", "Loss", text + "</p>" + Render(chart));
}

std::string AveragingSection(const Page& page) {
  const Series errors = SeriesOf(page, "error of plain averaging", "s3",
                                 [](const Round& r) { return r.averaging_error; });
  std::string text;
  if (page.method != nullptr)
    text = fmt::format("<p><b>{}</b> combines updates by <code>{}</code>.</p>",
                       Escape(page.method->title), Escape(page.method->rule));
  const bool is_additive = page.method != nullptr && page.method->additive();
  if (errors.points.empty()) {
    const bool is_local = page.method != nullptr && page.method->is_personal();
    text += is_local ? "<p>A factor stays with each client, so there is no one product that an "
                       "average could miss.</p>"
            : is_additive ? "<p>Only one factor is trained in a round, so its mean is the mean of "
                            "the products: plain averaging is "
                            "exact here and has nothing to get wrong.</p>"
                          : "<p class=\"note\">No round recorded an averaging error.</p>";
    return Card("averaging", "Which rule was exact", text);
  }
  double sum = 0;
  const auto worst = std::ranges::max_element(errors.points, {}, &Point::y);
  for (const Point& p : errors.points) sum += p.y;
  const double mean = sum / static_cast<double>(errors.points.size());
  if (is_additive && worst->y < 1e-6) {
    text +=
        "<p>Only one factor is trained in a round, so plain averaging is exact too; the measured "
        "error confirms it.</p>";
  } else {
    text += fmt::format(
        "<p>Averaging the factors apart would have missed <b>{}</b> of a round's movement on "
        "average, and {} in the "
        "worst round ({}).{}</p>",
        AsPercent(mean), AsPercent(worst->y), AsRound(worst->x),
        page.method != nullptr && page.method->is_mean()
            ? " This run does average them, so this error is in its adapter."
            : "");
  }
  LineChart chart{
      .caption = {"averaging-error", "Averaging error by round",
                  fmt::format("Mean {}, largest {}.", AsPercent(mean), AsPercent(worst->y))},
      .series = {errors},
      .format = AsPercent,
      .from_zero = true};
  text += Render(chart);
  text +=
      "<p class=\"note\">‖Σ p<sub>k</sub> s (B<sub>k</sub> − B̄)(A<sub>k</sub> − Ā)‖ over all "
      "adapted layers, as a share of the "
      "distance ‖D − D<sub>start</sub>‖ that the exact mean of the round moved.</p>";
  return Card("averaging", "Which rule was exact", text);
}

std::string SpreadSection(const Page& page) {
  const bool on_clients = std::ranges::any_of(
      page.view.rounds, [](const Round& r) { return r.client_accuracy.has_value(); });
  LineChart chart{
      .caption =
          {"spread",
           on_clients ? "Accuracy over clients by round" : "Training loss over clients by round",
           "Median, the middle eight tenths, and the mean of the worst tenth of the clients."},
      .format = on_clients ? AsPercent : AsNumber};
  Series median{"median client", "s1", {}}, worst{"worst tenth", "s3", {}};
  Band band{"10 % to 90 % of clients", "s1", {}, {}, {}};
  const Spread* first = nullptr;
  const Spread* last = nullptr;
  for (const Round& round : page.view.rounds) {
    const std::optional<Spread>& spread = on_clients ? round.client_accuracy : round.client_loss;
    if (!spread) continue;
    if (first == nullptr) first = &*spread;
    last = &*spread;
    median.points.push_back({X(round), spread->median});
    worst.points.push_back({X(round), spread->worst});
    band.x.push_back(X(round));
    band.low.push_back(spread->low);
    band.high.push_back(spread->high);
  }
  if (last == nullptr)
    return Card("spread", "Spread over clients",
                page.config.privacy.mode != "none"
                    ? "<p>A private run records no figures of single clients.</p>"
                    : "<p class=\"note\">Figures of single clients were not recorded; "
                      "<code>evaluation.on = \"both\"</code> measures "
                      "them.</p>");
  chart.series = {std::move(median), std::move(worst)};
  chart.band = std::move(band);
  const Format f = chart.format;
  std::string text =
      on_clients
          ? fmt::format(
                "<p>On its own held-out rows the median of {} clients ends at <b>{}</b>. The worst "
                "tenth went from {} to <b>{}</b>{}.</p>",
                AsRound(static_cast<double>(last->clients)), f(last->median), f(first->worst),
                f(last->worst),
                first == last ? "" : fmt::format(" ({})", Points(last->worst - first->worst)))
          : fmt::format(
                "<p>Clients were not evaluated one by one, so this is their loss in training: the "
                "median of {} clients ends at "
                "<b>{}</b>, the worst tenth at <b>{}</b>.</p>",
                AsRound(static_cast<double>(last->clients)), f(last->median), f(last->worst));
  return Card("spread", "Spread over clients", text + Render(chart));
}

}  // namespace tributary::report
