#pragma once
// What an administrator reads of a project's members.

#include "coordinator/identity/registrar.h"

namespace tributary::identity {

inline constexpr int kMembersSchema = 1;

// {"schema", "now", "certificates": [...], "invitations": [...]}, JSON; no secret is in it.
std::string MembersJson(const Registrar& registrar, int64_t now);

}  // namespace tributary::identity
