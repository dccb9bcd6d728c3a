#include "coordinator/report/run_facts.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"

namespace tributary::report {
namespace {

using Json = nlohmann::ordered_json;

// Takes the keys of one object apart; the first fault stays, and Finish tells it.
class Reader {
 public:
  Reader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object_.is_object()) Fail("", "an object");
  }

  const Json* Take(const char* key) {
    ++taken_;
    if (error_) return nullptr;
    if (!object_.contains(key)) Fail(key, "a value");
    return error_ ? nullptr : &object_[key];
  }
  void Text(const char* key, std::string& out) {
    const Json* value = Take(key);
    if (value == nullptr) return;
    if (value->is_string())
      out = value->get<std::string>();
    else
      Fail(key, "a string");
  }
  void Count(const char* key, int64_t& out) {
    const Json* value = Take(key);
    if (value == nullptr) return;
    const bool fits = value->is_number_unsigned() && value->get<uint64_t>() <= uint64_t{INT64_MAX};
    if (fits)
      out = value->get<int64_t>();
    else
      Fail(key, "a whole number of at least 0");
  }
  void Number(const char* key, double& out) {
    const Json* value = Take(key);
    if (value == nullptr) return;
    if (value->is_number() && value->get<double>() >= 0)
      out = value->get<double>();
    else
      Fail(key, "a number of at least 0");
  }
  void Sha256(const char* key, Digest& out) {
    std::string hex;
    Text(key, hex);
    if (error_) return;
    if (const auto digest = Digest::FromHex(hex))
      out = *digest;
    else
      Fail(key, "64 hexadecimal digits");
  }
  template <typename Each>
  void List(const char* key, Each each) {
    const Json* value = Take(key);
    if (value == nullptr) return;
    if (!value->is_array()) return Fail(key, "a list");
    for (size_t i = 0; i < value->size() && !error_; ++i) {
      if (Status status = each((*value)[i], fmt::format("{}{}[{}]", where_, key, i)); !status)
        error_ = std::move(status).error();
    }
  }

  void Fail(std::string_view key, std::string_view expected) {
    if (error_) return;
    const bool has = object_.is_object() && object_.contains(key);
    error_ = Error{Code::kInvalidArgument,
                   fmt::format("run facts: {}{} is {}, expected {}", where_, key,
                               has ? object_[std::string(key)].type_name() : "missing", expected)};
  }

  Status Finish() const {
    if (error_) return tl::unexpected<Error>(*error_);
    if (object_.size() != taken_)
      return InvalidArgument("run facts: {} has {} keys, expected {}",
                             where_.empty() ? "the object" : where_, object_.size(), taken_);
    return {};
  }

 private:
  const Json& object_;
  std::string where_;
  size_t taken_ = 0;
  std::optional<Error> error_;
};

Status ReadTarget(const Json& json, const std::string& where, std::vector<adapter::Target>& out) {
  Reader reader(json, where + ".");
  adapter::Target& target = out.emplace_back();
  reader.Text("module", target.module);
  reader.Count("out", target.out);
  reader.Count("in", target.in);
  return reader.Finish();
}

Status ReadHeadEntry(const Json& json, const std::string& where, Layout& out) {
  Reader reader(json, where + ".");
  std::string name, dtype;
  LayoutEntry entry;
  reader.Text("name", name);
  reader.Text("dtype", dtype);
  reader.List("shape", [&](const Json& item, const std::string& at) -> Status {
    if (!item.is_number_unsigned() || item.get<uint64_t>() > uint64_t{INT64_MAX})
      return InvalidArgument("run facts: {} is {}, expected a whole number of at least 0", at,
                             item.type_name());
    entry.shape.push_back(item.get<int64_t>());
    return {};
  });
  RETURN_IF_ERROR(reader.Finish());
  const auto parsed = ParseDType(dtype);
  if (!parsed) return Annotate(parsed.error(), "run facts: " + where + ".dtype");
  entry.dtype = *parsed;
  if (const auto count = ElementCount(entry.shape); !count)
    return Annotate(count.error(), "run facts: " + where + ".shape");
  if (!out.emplace(name, entry).second)
    return InvalidArgument("run facts: {}.name is there twice", where);
  return {};
}

Status ReadClient(const Json& json, const std::string& where, std::vector<ClientFacts>& out) {
  Reader reader(json, where + ".");
  ClientFacts client;
  reader.Text("name", client.name.value);
  reader.Text("group", client.group);
  reader.Count("rank", client.rank);
  reader.Count("rows", client.rows);
  reader.Count("held_out", client.held_out);
  RETURN_IF_ERROR(reader.Finish());
  if (!out.empty() && !(out.back().name < client.name))
    return InvalidArgument("run facts: {}.name does not come after the name before it", where);
  out.push_back(std::move(client));
  return {};
}

}  // namespace

const ClientFacts* RunFacts::Find(const ClientId& client) const {
  const auto it = std::ranges::lower_bound(clients, client, {}, &ClientFacts::name);
  return it != clients.end() && it->name == client ? &*it : nullptr;
}

std::string ToJson(const RunFacts& facts) {
  Json targets = Json::array(), head = Json::array(), clients = Json::array();
  for (const adapter::Target& t : facts.targets)
    targets.push_back({{"module", t.module}, {"out", t.out}, {"in", t.in}});
  for (const auto& [name, entry] : facts.head)
    head.push_back({{"name", name}, {"dtype", DTypeName(entry.dtype)}, {"shape", entry.shape}});
  for (const ClientFacts& c : facts.clients)
    clients.push_back({{"name", c.name.value},
                       {"group", c.group},
                       {"rank", c.rank},
                       {"rows", c.rows},
                       {"held_out", c.held_out}});
  const Json json = {{"schema", kRunFactsSchema},
                     {"targets", std::move(targets)},
                     {"head", std::move(head)},
                     {"labels", facts.labels},
                     {"base_digest", facts.base_digest.Hex()},
                     {"plan_digest", facts.plan_digest.Hex()},
                     {"start_checkpoint", facts.start_checkpoint.Hex()},
                     {"numerics", facts.numerics},
                     {"version", facts.version},
                     {"clients", std::move(clients)},
                     {"test_rows", facts.test_rows},
                     {"noise_multiplier", facts.noise_multiplier},
                     {"wall_seconds", facts.wall_seconds},
                     {"peak_rss_bytes", facts.peak_rss_bytes},
                     {"adapter", facts.adapter ? Json(facts.adapter->Hex()) : Json(nullptr)}};
  return DumpJson(json) + "\n";
}

Result<RunFacts> RunFactsFromJson(std::string_view text) {
  const Json json = ParseOrderedJson(text);
  if (json.is_discarded()) return InvalidArgument("run facts: not JSON");
  Reader reader(json, "");
  RunFacts facts;
  int64_t schema = 0;
  reader.Count("schema", schema);
  if (schema != kRunFactsSchema) reader.Fail("schema", fmt::format("{}", kRunFactsSchema));
  reader.List("targets", [&](const Json& item, const std::string& at) {
    return ReadTarget(item, at, facts.targets);
  });
  reader.List("head", [&](const Json& item, const std::string& at) {
    return ReadHeadEntry(item, at, facts.head);
  });
  reader.List("labels", [&](const Json& item, const std::string& at) -> Status {
    if (!item.is_string())
      return InvalidArgument("run facts: {} is {}, expected a string", at, item.type_name());
    facts.labels.push_back(item.get<std::string>());
    return {};
  });
  reader.Sha256("base_digest", facts.base_digest);
  reader.Sha256("plan_digest", facts.plan_digest);
  reader.Sha256("start_checkpoint", facts.start_checkpoint);
  reader.Text("numerics", facts.numerics);
  reader.Text("version", facts.version);
  reader.List("clients", [&](const Json& item, const std::string& at) {
    return ReadClient(item, at, facts.clients);
  });
  reader.Count("test_rows", facts.test_rows);
  reader.Number("noise_multiplier", facts.noise_multiplier);
  reader.Number("wall_seconds", facts.wall_seconds);
  reader.Count("peak_rss_bytes", facts.peak_rss_bytes);
  if (const Json* adapter = reader.Take("adapter"); adapter != nullptr && !adapter->is_null()) {
    const auto digest = Digest::FromHex(adapter->is_string() ? adapter->get<std::string>() : "");
    if (digest)
      facts.adapter = *digest;
    else
      reader.Fail("adapter", "64 hexadecimal digits or null");
  }
  RETURN_IF_ERROR(reader.Finish());
  return facts;
}

}  // namespace tributary::report
