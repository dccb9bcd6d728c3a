#include "coordinator/identity/list.h"

#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "privacy/crypto/encoding.h"

namespace tributary::identity {

using Json = nlohmann::ordered_json;

std::string MembersJson(const Registrar& registrar, int64_t now) {
  Json certificates = Json::array(), invitations = Json::array();
  for (const IssuedCertificate& c : registrar.certificates()) {
    const std::string_view state = c.revoked_at != 0    ? "revoked"
                                   : c.not_after <= now ? "expired"
                                                        : "valid";
    certificates.push_back({{"name", c.name},
                            {"role", c.role},
                            {"state", state},
                            {"serial", c.serial},
                            {"identity", c.identity},
                            {"not_before", c.not_before},
                            {"not_after", c.not_after},
                            {"revoked_at", c.revoked_at},
                            {"why", c.why}});
  }
  for (const Invite& i : registrar.invites()) {
    const bool is_over = i.state == InviteState::kOpen && i.expires <= now;
    Json invitation = {
        {"name", i.name},       {"role", i.role},
        {"tags", i.tags},       {"state", Name(is_over ? InviteState::kExpired : i.state)},
        {"expires", i.expires}, {"failures", i.failures}};
    // What the administrator compares with what the site sees.
    if (const auto request = privacy::FromBase64Url(i.request); request && !request->empty())
      invitation["request"] = Sha256(*request).Hex();
    invitations.push_back(std::move(invitation));
  }
  return DumpJson(Json{{"schema", kMembersSchema},
                       {"now", now},
                       {"certificates", std::move(certificates)},
                       {"invitations", std::move(invitations)}});
}

}  // namespace tributary::identity
