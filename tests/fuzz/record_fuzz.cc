// Journals of any lines, the coordinator's and a client's: a line is refused, or is a record that
// is written as one text; records are refused where they cannot follow, and nothing has changed
// then; what is left is a journal that a machine goes on from.

#include <cstdint>

#include "client/core/session.h"
#include "coordinator/core/coordinator.h"
#include "coordinator/core/text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using namespace tributary;
using coordinator::RunPlan;

constexpr size_t kMaxLines = 256;
constexpr TimePoint kNow{std::chrono::hours(1)};

template <typename Record, typename Read>
void Parse(std::string_view line, Read read, std::vector<Record>& records) {
  const Result<Record> record = read(line);
  if (!record) {
    TRIBUTARY_CHECK(record.error().code == Code::kInvalidArgument, "a hostile line is bad input");
    return;
  }
  const std::string text = ToText(*record);
  const Result<Record> again = read(text);
  TRIBUTARY_CHECK(again && *again == *record && ToText(*again) == text, "a record has one text");
  records.push_back(*record);
}

// Applies what can be applied; the others leave no trace.
template <typename State, typename Record, typename... Plan>
void Sift(State state, std::vector<Record>& records, const Plan&... plan) {
  std::vector<Record> good;
  for (const Record& record : records) {
    const State before = state;
    if (state.Apply(plan..., record))
      good.push_back(record);
    else
      TRIBUTARY_CHECK(state == before, "a record that cannot be applied changes nothing");
  }
  records = std::move(good);
}

RunPlan Plan(bool is_private) {
  RunPlan plan;
  plan.digest = Sha256("plan");
  plan.start_checkpoint = Sha256("start");
  plan.rounds = 2;
  if (is_private) {
    plan.privacy = coordinator::PrivacyPlan{1.0, 3};
  } else {
    plan.max_weight = 100;
    plan.start = {TaskKind::kFeatureMoments};
    plan.evaluate_clients = plan.keep_best = true;
    plan.patience = 2;
  }
  return plan;
}

void GoOn(const RunPlan& plan, std::vector<coordinator::Record> records) {
  Sift(coordinator::State(), records, plan);
  auto core = coordinator::Coordinator::Recover(plan, records, kNow);
  TRIBUTARY_CHECK(core.has_value(), "a journal that can be applied can be recovered");
  TRIBUTARY_CHECK(core->Step(kNow, coordinator::DeadlineReached{}), "time may pass");
  for (auto ready = core->TakeReady(); !ready.empty(); ready = core->TakeReady())
    records.insert(records.end(), ready.records.begin(), ready.records.end());
  const auto again = coordinator::Coordinator::Recover(plan, records, kNow);
  TRIBUTARY_CHECK(again && again->state() == core->state(), "and again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const RunPlan kPlans[] = {Plan(false), Plan(true)};
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<coordinator::Record> ours;
  std::vector<client::Record> theirs;
  for (size_t lines = 0; !rest.empty() && lines < kMaxLines; ++lines) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    Parse(line, coordinator::RecordFromText, ours);
    Parse(line, client::RecordFromText, theirs);
  }
  for (const RunPlan& plan : kPlans) GoOn(plan, ours);
  Sift(client::TaskInHand(), theirs);
  TRIBUTARY_CHECK(client::Session::Recover({ClientId{"a"}}, theirs, kNow).has_value(),
                  "a journal that can be applied can be recovered");
  return 0;
}
