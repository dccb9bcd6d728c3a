#include "coordinator/command/load.h"

#include <cstdio>

namespace tributary {

Status ListFaults(std::span<const config::Fault> faults, std::string_view name) {
  for (const config::Fault& fault : faults) fmt::print(stderr, "{}\n", fault.Text());
  if (faults.empty()) return {};
  return InvalidArgument("{} has {} fault{}", name, faults.size(), faults.size() == 1 ? "" : "s");
}

Result<std::unique_ptr<simulation::Environment>> LoadOrListFaults(config::ReadConfig read,
                                                                  std::string_view name,
                                                                  int threads) {
  auto loaded = simulation::LoadEnvironment(std::move(read), threads);
  RETURN_IF_ERROR(ListFaults(loaded.faults, name));
  if (!loaded.environment->bad_rows.empty())
    fmt::print(stderr, "warning: {}", loaded.environment->bad_rows);
  return std::move(loaded.environment);
}

}  // namespace tributary
