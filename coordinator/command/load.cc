#include "coordinator/command/load.h"

#include <cstdio>

namespace tributary {

Result<std::unique_ptr<simulation::Environment>> LoadOrListFaults(config::ReadConfig read,
                                                                  std::string_view name,
                                                                  int threads) {
  auto loaded = simulation::LoadEnvironment(std::move(read), threads);
  for (const config::Fault& fault : loaded.faults) fmt::print(stderr, "{}\n", fault.Text());
  if (!loaded.faults.empty())
    return InvalidArgument("{} has {} fault{}", name, loaded.faults.size(),
                           loaded.faults.size() == 1 ? "" : "s");
  if (!loaded.environment->bad_rows.empty())
    fmt::print(stderr, "warning: {}", loaded.environment->bad_rows);
  return std::move(loaded.environment);
}

}  // namespace tributary
