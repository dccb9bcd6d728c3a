#include "coordinator/command/watch_view.h"

#include <fmt/ranges.h>

#include <ctime>

#include "aggregation/base/units.h"
#include "coordinator/command/view_parts.h"

namespace tributary {
namespace {

using Json = nlohmann::ordered_json;
using Style = ScreenLine::Style;

constexpr size_t kMostNames = 12;  // of clients that are waited for

// Documents are the coordinator's; a newer one's may lack what this one expects.
std::string Text(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) && json[key].is_string()
             ? json[key].get<std::string>()
             : "";
}
int64_t Whole(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) && json[key].is_number() ? json[key].get<int64_t>()
                                                                         : 0;
}
std::optional<double> Real(const Json& json, const char* key) {
  if (!json.is_object() || !json.contains(key) || !json[key].is_number()) return std::nullopt;
  return json[key].get<double>();
}
const Json& ListOf(const Json& json, const char* key) {
  static const Json kNone = Json::array();
  return json.is_object() && json.contains(key) && json[key].is_array() ? json[key] : kNone;
}

// What the rounds say together.
struct Figures {
  std::vector<double> accuracies;
  std::optional<double> accuracy, loss, epsilon, rate;  // the newest; bytes a second
  int64_t accuracy_round = 0, rate_round = 0, up = 0, down = 0;
};

Figures FiguresOf(const Json& rounds) {
  Figures f;
  for (const Json& round : ListOf(rounds, "rounds")) {
    const int64_t number = Whole(round, "round");
    if (const auto accuracy = Real(round, "accuracy")) {
      f.accuracies.push_back(*accuracy);
      f.accuracy = accuracy, f.accuracy_round = number;
    }
    if (const auto loss = Real(round, "loss")) f.loss = loss;
    if (const auto loss = Real(round, "train_loss"); loss && !f.loss) f.loss = loss;
    if (const auto epsilon = Real(round, "epsilon")) f.epsilon = epsilon;
    const int64_t up = Whole(round, "bytes_up"), down = Whole(round, "bytes_down");
    f.up += up, f.down += down;
    if (const auto took = Real(round, "virtual_seconds"); took && *took > 0)
      f.rate = static_cast<double>(up + down) / *took, f.rate_round = number;
  }
  return f;
}

// In the order of the first client of each; the states of daemon/status.h.
std::vector<std::pair<std::string, int64_t>> ByState(const Json& clients) {
  std::map<std::string, int64_t> counts;
  for (const Json& client : ListOf(clients, "clients")) {
    const std::string state = Text(client, "state");
    ++counts[state.empty() ? "other" : state];
  }
  return {counts.begin(), counts.end()};
}

std::string Rounds(const Json& status) {
  return status.contains("round")
             ? fmt::format("round {}/{}", Whole(status, "round"), Whole(status, "rounds"))
             : fmt::format("round -/{}", Whole(status, "rounds"));
}

std::string StageText(const Json& status) {
  if (!status.contains("stage")) return "";
  const Json& stage = status["stage"];
  const auto kind = TaskKindFromName(Text(stage, "task"));
  std::string text =
      fmt::format("{} {} of {} reported", kind ? StageWords(*kind) : Text(stage, "task"),
                  Whole(stage, "accepted"), Whole(stage, "selected"));
  if (Whole(stage, "attempt") > 0) text += fmt::format(", attempt {}", Whole(stage, "attempt") + 1);
  return text;
}

Style StyleOf(const std::string& phase) {
  if (phase == "halted") return Style::kBad;
  if (phase == "paused") return Style::kWarning;
  return phase == "finished" ? Style::kGood : Style::kBold;
}

std::string Clock(int64_t unix_seconds) {
  const std::time_t time = unix_seconds;
  std::tm local{};
  localtime_r(&time, &local);
  return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

std::string Names(const Json& status) {
  std::vector<std::string> names;
  for (const Json& name : ListOf(status, "waits_for"))
    if (name.is_string()) names.push_back(name.get<std::string>());
  if (names.empty()) return "";
  const size_t more = names.size() > kMostNames ? names.size() - kMostNames : 0;
  names.resize(names.size() - more);
  std::string text = fmt::format("{}", fmt::join(names, ", "));
  return more > 0 ? fmt::format("{} and {} more", text, more) : text;
}

std::string BytesText(const Figures& f) {
  std::string text = fmt::format("{} up, {} down", FormatSize(f.up), FormatSize(f.down));
  if (f.rate)
    text +=
        fmt::format("; {}/s in round {}", FormatSize(static_cast<int64_t>(*f.rate)), f.rate_round);
  return text;
}

void AddProgress(const Json& status, const Look& look, std::vector<std::string>* lines) {
  ScreenLine round(look.width, look.colour);
  round.Add(fmt::format("{} ", Rounds(status)))
      .Add(Bar(Whole(status, "round"), Whole(status, "rounds")));
  lines->push_back(round.text());
  if (!status.contains("stage")) return;
  const Json& stage = status["stage"];
  lines->push_back(ScreenLine(look.width, look.colour)
                       .Add("  ")
                       .Add(Bar(Whole(stage, "accepted"), Whole(stage, "selected"), 12))
                       .Add(" " + StageText(status))
                       .text());
}

void AddFigures(const Figures& f, const Look& look, std::vector<std::string>* lines) {
  ScreenLine accuracy(look.width, look.colour);
  accuracy.Add("accuracy  ");
  if (f.accuracy) {
    accuracy.Add(fmt::format("{:.4f} in round {}  ", *f.accuracy, f.accuracy_round));
    const size_t room = look.width > 40 ? look.width - 40 : 8;
    accuracy.Add(SparkLine(f.accuracies, std::min<size_t>(room, 60), look.utf8), Style::kGood);
  } else {
    accuracy.Add("-");
  }
  lines->push_back(accuracy.text());
  ScreenLine rest(look.width, look.colour);
  if (f.loss) rest.Add(fmt::format("loss      {:.4f}", *f.loss));
  if (f.loss && f.epsilon) rest.Add(fmt::format("   epsilon {:.3f}", *f.epsilon));
  if (f.loss) lines->push_back(rest.text());
  lines->push_back(ScreenLine(look.width, look.colour).Add("bytes     ").Add(BytesText(f)).text());
}

}  // namespace

std::vector<std::string> ViewOf(const RunPicture& picture, const Look& look) {
  const Json& status = picture.status;
  const std::string phase = Text(status, "phase");
  std::vector<std::string> lines;
  const auto line = [&] { return ScreenLine(look.width, look.colour); };
  lines.push_back(line()
                      .Add(Text(status, "run"), Style::kBold)
                      .Add("  ")
                      .Add(phase, StyleOf(phase))
                      .Add(fmt::format("  {}, {}", Text(status, "method"), Text(status, "model")),
                           Style::kFaint)
                      .text());
  AddProgress(status, look, &lines);
  std::string states;
  for (const auto& [state, count] : ByState(picture.clients))
    states += fmt::format("{}{} {}", states.empty() ? "" : "   ", count, state);
  if (states.empty()) states = fmt::format("{}", Whole(status, "clients"));
  lines.push_back(line().Add("clients   ").Add(states).text());
  AddFigures(FiguresOf(picture.rounds), look, &lines);
  lines.push_back(line().Add("now       ").Add(Text(status, "why"), StyleOf(phase)).text());
  if (const std::string names = Names(status); !names.empty())
    lines.push_back(line().Add("for       ").Add(names).text());
  if (picture.until)
    lines.push_back(line()
                        .Add(fmt::format("until     {}, {} s left", Clock(*picture.until),
                                         std::max<int64_t>(0, *picture.until - look.now)))
                        .text());
  if (const std::string fault = Text(status, "last_fault"); !fault.empty())
    lines.push_back(line().Add("fault     ").Add(fault, Style::kWarning).text());
  if (!picture.link.empty())
    lines.push_back(line().Add("NO ANSWER ", Style::kBad).Add(picture.link).text());
  return lines;
}

std::string LineOf(const RunPicture& picture) {
  const Json& status = picture.status;
  std::string line = fmt::format("{}  {}", Rounds(status), Text(status, "phase"));
  if (const std::string stage = StageText(status); !stage.empty()) line += "  " + stage;
  const Figures f = FiguresOf(picture.rounds);
  if (f.accuracy) line += fmt::format("  accuracy {:.4f}", *f.accuracy);
  line += fmt::format("  {} up, {} down  {}", FormatSize(f.up), FormatSize(f.down),
                      Text(status, "why"));
  if (const std::string names = Names(status); !names.empty()) line += ": " + names;
  if (picture.until) line += fmt::format("; until {}", Clock(*picture.until));
  return line;
}

Json JsonOf(const RunPicture& picture) {
  const Figures f = FiguresOf(picture.rounds);
  const auto value = [](const std::optional<double>& v) { return v ? Json(*v) : Json(nullptr); };
  Json json = picture.status;
  Json states = nullptr;
  for (const auto& [state, count] : ByState(picture.clients)) states[state] = count;
  json["figures"] = {{"accuracy", value(f.accuracy)},
                     {"loss", value(f.loss)},
                     {"epsilon", value(f.epsilon)},
                     {"bytes_up", f.up},
                     {"bytes_down", f.down},
                     {"bytes_per_second", value(f.rate)},
                     {"clients_by_state", std::move(states)}};
  return json;
}

}  // namespace tributary
