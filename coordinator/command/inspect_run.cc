#include "coordinator/command/inspect_run.h"

#include "aggregation/base/file.h"
#include "aggregation/base/json.h"
#include "aggregation/base/units.h"
#include "coordinator/config/render.h"
#include "coordinator/simulation/run_directory.h"

namespace tributary {
namespace {

using Json = nlohmann::ordered_json;

Json Pick(const Json& from, std::initializer_list<const char*> keys) {
  Json json = Json::object();
  for (const char* key : keys) json[key] = from.value(key, Json());
  return json;
}

Result<Json> ReadObject(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  Json json = ParseOrderedJson(text);
  if (!json.is_object()) return InvalidArgument("{}: is not a JSON object", path.string());
  return json;
}

Result<Json> ReadRounds(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  Json rounds = Json::array();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const Json line = ParseOrderedJson(text.substr(begin, end - begin));
    if (!line.is_object())
      return InvalidArgument("{}: line {} is not a JSON object", path.string(), rounds.size() + 1);
    rounds.push_back(Pick(
        line, {"round", "selected", "reported", "train_loss", "loss", "accuracy", "macro_f1",
               "averaging_error", "bytes_up", "bytes_down", "epsilon", "train_seconds", "digest"}));
    begin = end + 1;
  }
  return rounds;
}

}  // namespace

Result<Json> InspectRun(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const config::ReadConfig read, simulation::ReadRunToml(path));
  if (!read.faults.empty()) return InvalidArgument("{}", read.faults.front().Text());
  const config::Config& c = read.config;
  Json json = {{"schema", 1},
               {"what", "run directory"},
               {"path", path.string()},
               {"state", "nothing committed yet"}};
  std::error_code error;
  if (std::filesystem::exists(path / "summary.json", error)) {
    ASSIGN_OR_RETURN(const Json summary, ReadObject(path / "summary.json"));
    const Json finished = summary.value("finished", Json());
    json["state"] = finished.is_string() ? "finished: " + finished.get<std::string>()
                                         : "under way or interrupted; go on with --resume";
    json.update(Pick(summary, {"rounds", "kept_round", "accuracy_at_start", "accuracy", "macro_f1",
                               "loss", "bytes_up", "bytes_down", "epsilon", "delta", "privacy",
                               "wall_seconds", "train_seconds", "peak_rss_bytes"}));
    json["provenance"] = Pick(summary, {"plan_digest", "adapter_sha256", "numerics", "version"});
  }
  json["provenance"]["base_digest"] = c.model.digest;
  json["plan"] = {
      {"model", c.model.name},
      {"labels", c.model.labels.size()},
      {"method", c.adapter.method},
      {"rank", c.adapter.rank},
      {"scale", c.adapter.scale},
      {"targets", c.adapter.targets},
      {"rounds", c.federation.rounds},
      {"cohort", c.federation.cohort.clients ? Json(*c.federation.cohort.clients) : Json("all")},
      {"seed", c.seed}};
  if (std::filesystem::exists(path / "rounds.jsonl", error)) {
    ASSIGN_OR_RETURN(json["committed_rounds"], ReadRounds(path / "rounds.jsonl"));
  }
  return json;
}

}  // namespace tributary
