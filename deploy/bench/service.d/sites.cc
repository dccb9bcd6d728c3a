#include "deploy/bench/service.d/sites.h"

#include "aggregation/base/file.h"
#include "coordinator/daemon/registry.h"
#include "coordinator/daemon/settings.h"
#include "coordinator/identity/authority.h"
#include "coordinator/store/sqlite_store.h"
#include "proto/rpc/tls.h"

namespace tributary::bench {

std::string SiteName(int64_t number) { return fmt::format("site-{:04}", number); }

Status MakeSites(const std::filesystem::path& config, int64_t count,
                 const std::filesystem::path& out) {
  ASSIGN_OR_RETURN(const daemon::Settings settings, daemon::ReadSettings(config));
  ASSIGN_OR_RETURN(const auto issuer,
                   identity::Issuer::Open(daemon::AuthorityDirectory(settings), settings.project));
  ASSIGN_OR_RETURN(const auto store,
                   store::OpenSqliteStore(daemon::ProjectDirectory(settings) / "state.db"));
  ASSIGN_OR_RETURN(daemon::Registry registry, daemon::Registry::Open(*store));
  for (int64_t number = 0; number < count; ++number) {
    const std::string name = SiteName(number);
    RETURN_IF_ERROR(MakeDirectories(out));
    RETURN_IF_ERROR(identity::IssueHere(issuer, out / name, settings.project, name, "client", {},
                                        rpc::UnixNow()));
    RETURN_IF_ERROR(privacy::KeepCoordinator(out / name, settings.address));
    RETURN_IF_ERROR(registry.Enrol({name}, {}));
  }
  return {};
}

}  // namespace tributary::bench
