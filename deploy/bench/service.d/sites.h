#pragma once
// Many sites of a project at once: keys, certificates and enrolment by the project's own code, but
// without an invitation each. The coordinator must not run.

#include <filesystem>

#include "aggregation/base/status.h"

namespace tributary::bench {

// The name of a made-up site: "site-0007".
std::string SiteName(int64_t number);

// Makes OUT/site-0000 and so on, identities of clients of the coordinator that `config` is of;
// `certs init` has been there.
Status MakeSites(const std::filesystem::path& config, int64_t count,
                 const std::filesystem::path& out);

}  // namespace tributary::bench
