#include "coordinator/identity/member.h"

#include <array>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"

namespace tributary::identity {
namespace {

using Json = nlohmann::json;

constexpr int kSchema = 1;
constexpr std::array<std::string_view, 7> kStates = {"open",    "pending", "declined", "used",
                                                     "expired", "burned",  "withdrawn"};

void Fields(auto& i, auto&& f) requires requires { i.sealed; }
{
  f("id", i.id), f("name", i.name), f("role", i.role), f("tags", i.tags);
  f("expires", i.expires), f("approve", i.approve), f("sealed", i.sealed);
  f("failures", i.failures), f("request", i.request);
}
void Fields(auto& c, auto&& f) requires requires { c.chain; }
{
  f("serial", c.serial), f("name", c.name), f("role", c.role), f("identity", c.identity);
  f("request", c.request), f("chain", c.chain), f("not_before", c.not_before);
  f("not_after", c.not_after), f("revoked_at", c.revoked_at), f("why", c.why);
}

Json Put(const auto& value) {
  Json json = {{"schema", kSchema}};
  Fields(value, [&](const char* name, const auto& field) { json[name] = field; });
  return json;
}

template <typename T>
Result<Json> Take(std::string_view key, std::string_view text, T* value) {
  const auto damaged = [&](std::string_view what) {
    return MakeError(Code::kDataLoss, "{}: {}", key, what);
  };
  Json json = ParseJson(text);
  if (!json.is_object()) return damaged("cannot be read");
  if (json.value("schema", 0) > kSchema)
    return damaged("was written by a newer version of this program");
  std::string missing;
  Fields(*value, [&](const char* name, auto& field) {
    const auto it = json.find(name);
    try {
      if (it == json.end())
        missing = name;
      else
        it->get_to(field);
    } catch (const Json::exception&) {
      missing = name;
    }
  });
  if (!missing.empty()) return damaged(fmt::format("`{}` is missing or of another type", missing));
  return json;
}

}  // namespace

std::string_view Name(InviteState state) { return kStates[static_cast<size_t>(state)]; }

std::string ToJson(const Invite& invite) {
  Json json = Put(invite);
  json["state"] = Name(invite.state);
  return DumpJson(json);
}

std::string ToJson(const IssuedCertificate& certificate) { return DumpJson(Put(certificate)); }

Result<Invite> InviteFromJson(std::string_view key, std::string_view text) {
  Invite invite;
  ASSIGN_OR_RETURN(const Json json, Take(key, text, &invite));
  const auto state = json.find("state");
  for (size_t i = 0; state != json.end() && i < kStates.size(); ++i) {
    if (*state != kStates[i]) continue;
    invite.state = static_cast<InviteState>(i);
    return invite;
  }
  return MakeError(Code::kDataLoss, "{}: its state is none that is known", key);
}

Result<IssuedCertificate> CertificateFromJson(std::string_view key, std::string_view text) {
  IssuedCertificate certificate;
  RETURN_IF_ERROR(Take(key, text, &certificate));
  return certificate;
}

}  // namespace tributary::identity
