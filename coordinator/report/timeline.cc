#include "coordinator/report/timeline.h"

#include <fmt/format.h>

#include <algorithm>

namespace tributary::report {
namespace {

constexpr double kRow = 15, kLeft = 128, kRight = 64, kTop = 8, kBottom = 38;

// In seconds since the round's work was opened; `otherwise` if it had not ended when that was
// closed.
double EndOf(const ClientRow& row, double otherwise) {
  return row.ended ? static_cast<double>(row.ended->count()) / 1e6 : otherwise;
}

std::vector<const ClientRow*> InOrder(const Round& round) {
  std::vector<const ClientRow*> rows;
  for (const ClientRow& row : round.clients)
    if (row.outcome != Reason::kNotSelected) rows.push_back(&row);
  const auto key = [](const ClientRow* row) {
    return std::tuple(row->outcome, EndOf(*row, 0), row->client);
  };
  std::ranges::stable_sort(rows,
                           [&](const ClientRow* a, const ClientRow* b) { return key(a) < key(b); });
  return rows;
}

std::string Words(Reason reason) {
  std::string words(Name(reason));
  std::ranges::replace(words, '_', ' ');
  return words;
}

}  // namespace

std::string RenderTimeline(const Round& round, const Caption& caption) {
  const std::vector<const ClientRow*> rows = InOrder(round);
  const size_t shown = std::min(rows.size(), kMaxTimelineRows);
  const double closed =
      round.work_opened && round.work_closed
          ? static_cast<double>((*round.work_closed - *round.work_opened).count()) / 1e6
          : 0;
  double longest = closed;
  for (const ClientRow* row : rows) longest = std::max(longest, EndOf(*row, 0));
  const double bottom = kTop + kRow * static_cast<double>(shown);
  const Scale x{0, longest > 0 ? longest : 1, kLeft, kWidth - kRight};

  std::string out = OpenFigure(caption, bottom + kBottom);
  if (closed > 0)
    out +=
        fmt::format("<path class=\"ref\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>\n", x(closed), kTop, bottom);
  double y = kTop;
  for (size_t i = 0; i < shown; ++i, y += kRow) {
    const ClientRow& row = *rows[i];
    const bool reported = row.outcome == Reason::kAccepted;
    const double end = EndOf(row, closed);
    const std::string figure = reported ? AsSeconds(end) : Words(row.outcome);
    const std::string rows_seen =
        row.rows ? fmt::format(", {} rows", AsRound(static_cast<double>(*row.rows))) : "";
    out += fmt::format("<g><title>{}</title>",
                       Escape(fmt::format("{}: {}{}", row.client.value, figure, rows_seen)));
    out += fmt::format("<text class=\"small end\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", kLeft - 6,
                       y + 11, Escape(Shorten(row.client.value, 18)));
    out += fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"10\" rx=\"2\"/>",
        reported ? "bar s1" : "bar lost", x.begin, y + 2.5, x(end) - x.begin);
    out += fmt::format("<text class=\"small{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text></g>\n",
                       reported ? "" : " lost", x(end) + 5, y + 11, Escape(figure));
  }
  out += AxisX(x, bottom, AsSeconds, "since the round opened") + CloseFigure();
  if (rows.size() > shown)
    out += fmt::format("<p class=\"note\">{} more clients are in clients.jsonl.</p>\n",
                       rows.size() - shown);
  return out;
}

}  // namespace tributary::report
