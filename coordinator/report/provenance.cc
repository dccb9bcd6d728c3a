#include "coordinator/report/provenance.h"

#include <nlohmann/json.hpp>

namespace tributary::report {
namespace {

using Json = nlohmann::json;

// Both ways go through the one list of names.
void Fields(auto& p, auto&& f) {
  f("round", p.round), f("clients", p.clients), f("updates", p.updates);
  f("plan_digest", p.plan_digest), f("state_digest", p.state_digest), f("privacy", p.privacy);
  f("accuracy", p.accuracy), f("loss", p.loss), f("macro_f1", p.macro_f1);
  f("averaging_error", p.averaging_error), f("version", p.version), f("numerics", p.numerics);
  f("mixed", p.mixed);
}

template <typename T>
void Write(nlohmann::ordered_json& json, const char* name, const T& value) {
  json[name] = value;
}
void Write(nlohmann::ordered_json& json, const char* name, const std::string& value) {
  if (!value.empty()) json[name] = value;
}
template <typename T>
void Write(nlohmann::ordered_json& json, const char* name, const std::optional<T>& value) {
  if (value) json[name] = *value;
}

void Read(const Json& json, std::string& value) {
  if (json.is_string()) value = json.get<std::string>();
}
void Read(const Json& json, int64_t& value) {
  if (json.is_number_integer()) value = json.get<int64_t>();
}
void Read(const Json& json, std::optional<int64_t>& value) {
  if (json.is_number_integer()) value = json.get<int64_t>();
}
void Read(const Json& json, std::optional<double>& value) {
  if (json.is_number()) value = json.get<double>();
}

}  // namespace

Provenance ProvenanceOf(const RunFacts& facts, const RunView& view, const Round& round) {
  Provenance p;
  p.round = round.round;
  p.clients = static_cast<int64_t>(facts.clients.size());
  p.updates = round.reported;
  p.plan_digest = facts.plan_digest.Hex();
  p.state_digest = round.digest ? round.digest->Hex() : "";
  p.privacy = view.privacy;
  p.accuracy = view.AccuracyOf(round);
  if (const auto& scores = view.ScoresOf(round))
    p.loss = scores->loss, p.macro_f1 = scores->macro_f1;
  p.averaging_error = round.averaging_error;
  p.version = facts.version;
  p.numerics = facts.numerics;
  p.mixed = view.mixed;
  return p;
}

nlohmann::ordered_json ToJson(const Provenance& provenance) {
  nlohmann::ordered_json json;
  Fields(provenance, [&](const char* name, const auto& value) { Write(json, name, value); });
  json["reproducible"] = provenance.mixed.empty();
  return json;
}

Provenance ProvenanceFromJson(const Json& json) {
  Provenance provenance;
  Fields(provenance, [&](const char* name, auto& value) {
    if (json.is_object() && json.contains(name)) Read(json[name], value);
  });
  return provenance;
}

}  // namespace tributary::report
