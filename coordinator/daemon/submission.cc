#include "coordinator/daemon/submission.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "aggregation/base/name.h"
#include "coordinator/config/read.h"
#include "coordinator/config/render.h"

namespace tributary::daemon {
namespace {

constexpr int kSchema = 1;

Result<config::Config> ReadPlan(const std::string& text) {
  ASSIGN_OR_RETURN(config::Config config, config::ReadPlan(text));
  if (config.model.digest.empty())
    return MakeError(Code::kFailedPrecondition,
                     "the plan has no model.digest; `tributary check` prints it");
  if (config.model.labels.empty())
    return MakeError(Code::kFailedPrecondition,
                     "the plan has no model.labels; the coordinator has no data to derive them "
                     "from, so list them in their order");
  RETURN_IF_ERROR(Digest::FromHex(config.model.digest));
  return config;
}

}  // namespace

int64_t RunSetup::RankOf(const Tags& tags) const {
  const auto group = tags.find("group");
  if (group == tags.end()) return config.adapter.rank;
  const auto rank = config.adapter.ranks.find(group->second);
  return rank == config.adapter.ranks.end() ? config.adapter.rank : rank->second;
}

Result<RunSetup> ReadSubmission(RunId id, proto::Submission submission, int64_t population,
                                TimePoint now) {
  RunSetup setup;
  ASSIGN_OR_RETURN(setup.config, ReadPlan(submission.plan.value));
  ASSIGN_OR_RETURN(setup.base, plan::ReadBaseModel(submission.model_config.value, "config.json"));
  ASSIGN_OR_RETURN(setup.where, ReadTags(submission.where));
  plan::Surroundings around;
  around.population = population;
  if (!submission.designated.empty()) {
    RETURN_IF_ERROR(CheckName("designated", submission.designated));
    around.designated = ClientId{submission.designated};
    around.has_public_test = around.has_public_train = true;
  }
  std::vector<config::Fault> faults;
  if (setup.config.evaluation.on != "clients" && !around.designated)
    faults.push_back({"", fmt::format("evaluation.on = \"{}\" needs a client that holds public "
                                      "rows: name it with --designated, or evaluate on \"clients\"",
                                      setup.config.evaluation.on)});
  if (setup.config.privacy.mode != "none" && population < 1)
    faults.push_back({"", "a private run needs its clients to be enrolled before it is submitted"});
  setup.plan = plan::Assemble(setup.config, setup.base, around, faults);
  if (faults.empty() && strategy::InputOf(setup.plan.adapter) == strategy::StartInput::kWeight)
    faults.push_back({"", fmt::format("adapter.start = \"{}\" needs the base model's weights, "
                                      "which a coordinator does not have",
                                      strategy::StartOf(setup.plan.adapter))});
  RETURN_IF_ERROR(config::AsStatus(faults));
  setup.id = std::move(id);
  setup.population = population;
  setup.submitted = now;
  setup.plan_text = config::RenderPlan(setup.config);
  setup.plan_blob = Sha256(setup.plan_text);
  setup.submission = std::move(submission);
  return setup;
}

std::string ToJson(const RunSetup& setup) {
  const proto::Submission& s = setup.submission;
  return DumpJson(nlohmann::ordered_json{{"schema", kSchema},
                                         {"token", s.token},
                                         {"name", s.name},
                                         {"designated", s.designated},
                                         {"where", s.where},
                                         {"population", setup.population},
                                         {"submitted", setup.submitted.since_epoch.count()},
                                         {"plan", s.plan.value},
                                         {"model_config", s.model_config.value}});
}

Result<RunSetup> RunSetupFromJson(RunId id, std::string_view text) {
  const auto json = ParseJson(text);
  try {
    if (json.at("schema").get<int>() != kSchema)
      return MakeError(Code::kDataLoss, "run {}: its submission has schema {}, expected {}",
                       id.value, DumpJson(json.at("schema")), kSchema);
    proto::Submission s;
    s.token = json.at("token").get<std::string>();
    s.name = json.at("name").get<std::string>();
    s.designated = json.at("designated").get<std::string>();
    s.where = json.at("where").get<std::vector<std::string>>();
    s.plan.value = json.at("plan").get<std::string>();
    s.model_config.value = json.at("model_config").get<std::string>();
    return ReadSubmission(std::move(id), std::move(s), json.at("population").get<int64_t>(),
                          TimePoint{Duration(json.at("submitted").get<int64_t>())});
  } catch (const nlohmann::json::exception& e) {
    return MakeError(Code::kDataLoss, "run {}: its submission cannot be read: {}", id.value,
                     e.what());
  }
}

}  // namespace tributary::daemon
