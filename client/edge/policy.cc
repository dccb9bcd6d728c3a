#include "client/edge/policy.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <ctime>

#include "aggregation/base/digest.h"
#include "aggregation/base/suggest.h"
#include "aggregation/strategy/method.h"

namespace tributary::edge {
namespace {

constexpr int kDay = 24 * 60;

// "06:30" as minutes, or -1.
int MinuteOf(std::string_view text) {
  const auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4))
    return -1;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

bool Holds(const std::vector<std::string>& list, const std::string& value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

// Why the whole run is none for this site.
std::vector<std::string> Objections(const Policy& policy, const Question& q) {
  std::vector<std::string> reasons;
  if (!Holds(policy.models, q.plan.model.digest))
    reasons.push_back(fmt::format("base model {} is not among policy.models", q.plan.model.digest));
  if (!Holds(policy.methods, q.plan.adapter.method))
    reasons.push_back(fmt::format("method {} is not allowed; policy.methods has {}",
                                  q.plan.adapter.method, fmt::join(policy.methods, ", ")));
  if (policy.max_rank > 0 && q.rank > policy.max_rank)
    reasons.push_back(fmt::format("rank {} is above policy.max_rank {}", q.rank, policy.max_rank));
  if (policy.max_steps > 0 && q.kind == TaskKind::kTrain && q.steps > policy.max_steps)
    reasons.push_back(
        fmt::format("{} steps are above policy.max_steps {}", q.steps, policy.max_steps));
  if (q.plan.federation.minimum < policy.min_cohort)
    reasons.push_back(fmt::format("federation.minimum {} is below policy.min_cohort {}",
                                  q.plan.federation.minimum, policy.min_cohort));
  if (!policy.privacy.empty() && q.plan.privacy.mode != policy.privacy)
    reasons.push_back(fmt::format("privacy.mode is {}, policy.privacy asks for {}",
                                  q.plan.privacy.mode, policy.privacy));
  return reasons;
}

Verdict Refusal(client::Standing standing, std::string reason, int closed_minutes = 0) {
  return {false, standing, std::move(reason), closed_minutes};
}

}  // namespace

Result<Hours> Hours::Read(std::string_view text) {
  Hours hours;
  std::string_view range = text;
  if (range.ends_with(" UTC")) {
    hours.is_utc = true;
    range.remove_suffix(4);
  }
  const size_t dash = range.find('-');
  hours.from = MinuteOf(range.substr(0, dash));
  hours.to = dash == std::string_view::npos ? -1 : MinuteOf(range.substr(dash + 1));
  if (hours.from < 0 || hours.to < 0 || hours.from == hours.to)
    return InvalidArgument(
        "policy.hours is \"{}\", expected two times of the day such as \"22:00-06:00\" (this "
        "machine's time) or \"22:00-06:00 UTC\"",
        text);
  return hours;
}

int Hours::MinutesUntilOpen(int minute) const {
  const int open_for = (to - from + kDay) % kDay;
  const int since_opening = (minute - from + kDay) % kDay;
  return since_opening < open_for ? 0 : kDay - since_opening;
}

Verdict Decide(const Policy& policy, const Question& question) {
  if (const auto reasons = Objections(policy, question); !reasons.empty())
    return Refusal(client::Standing::kOutsidePolicy,
                   fmt::format("outside the site's policy: {}", fmt::join(reasons, "; ")));
  if (policy.metrics == "none" && question.kind == TaskKind::kEvaluate)
    return Refusal(client::Standing::kOpen,
                   "outside the site's policy: an evaluation sends counts of the site's held-out "
                   "rows, and policy.metrics is none");
  if (!Holds(policy.tasks, std::string(Name(question.kind))))
    return Refusal(client::Standing::kOpen,
                   fmt::format("outside the site's policy: policy.tasks has {}, not {}",
                               fmt::join(policy.tasks, ", "), Name(question.kind)));
  if (policy.approve == "ask" && !question.is_approved)
    return Refusal(client::Standing::kPending, "waits for the site's approval");
  if (policy.hours.empty()) return {};
  const int minutes = Hours::Read(policy.hours)->MinutesUntilOpen(question.minute);
  if (minutes == 0) return {};
  return Refusal(client::Standing::kClosed,
                 fmt::format("outside the site's hours {}, closed until {}", policy.hours,
                             policy.hours.substr(0, 5)),
                 minutes);
}

std::vector<std::string> Faults(const Policy& policy) {
  std::vector<std::string> faults;
  for (const std::string& model : policy.models)
    if (!Digest::FromHex(model))
      faults.push_back(
          fmt::format("policy.models has \"{}\", expected digests of 64 digits, as "
                      "`tributary inspect` prints them",
                      model));
  std::vector<std::string_view> names;
  for (const strategy::Method* method : strategy::Methods()) names.push_back(method->name);
  for (const std::string& method : policy.methods)
    if (std::find(names.begin(), names.end(), method) == names.end())
      faults.push_back(fmt::format("policy.methods has \"{}\"{}; expected {}", method,
                                   DidYouMean(method, names), fmt::join(names, ", ")));
  for (const std::string& task : policy.tasks)
    if (!TaskKindFromName(task))
      faults.push_back(fmt::format("policy.tasks has \"{}\", which is no kind of task", task));
  if (!policy.hours.empty())
    if (const auto hours = Hours::Read(policy.hours); !hours)
      faults.push_back(hours.error().message);
  return faults;
}

std::vector<Metric> Allowed(const Policy& policy, std::vector<Metric> metrics) {
  if (policy.metrics != "per-site") metrics.clear();
  return metrics;
}

int MinuteOfDay(const Policy& policy) {
  const bool is_utc = !policy.hours.empty() && Hours::Read(policy.hours)->is_utc;
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  is_utc ? gmtime_r(&now, &parts) : localtime_r(&now, &parts);
  return parts.tm_hour * 60 + parts.tm_min;
}

}  // namespace tributary::edge
