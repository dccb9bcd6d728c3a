#include "client/command/client_dry_run.h"

#include <fmt/ranges.h>

#include <cstdio>

#include "client/edge/dry_run.h"
#include "coordinator/config/read.h"
#include "coordinator/config/render.h"
#include "proto/rpc/tls.h"

namespace tributary {
namespace {

void PrintTensors(const TensorMap& tensors) {
  for (const auto& [name, tensor] : tensors)
    fmt::print("    {:60} {:4} {:16} {:>12} bytes\n", name, DTypeName(tensor.dtype()),
               fmt::format("[{}]", fmt::join(tensor.shape(), ", ")), tensor.bytes().size());
}

void PrintTask(const edge::TaskPreview& task) {
  fmt::print("\n{}{}\n", Name(task.kind),
             task.steps > 0 ? fmt::format(" ({} steps; one was done)", task.steps) : "");
  fmt::print("  policy: {}\n",
             task.verdict.is_accepted ? "accepts it" : "refuses it: " + task.verdict.reason);
  if (!task.is_previewed) {
    fmt::print("  sends: {}\n",
               task.verdict.is_accepted
                   ? "an update of the adapter, whose start needs other sites' statistics first"
                   : "nothing but the reason");
    return;
  }
  fmt::print("  sends: {} tensors, {} bytes{}\n", task.upload.size(), task.bytes,
             task.verdict.is_accepted ? "" : ", once it may");
  PrintTensors(task.upload);
  fmt::print("    weight {}\n", task.weight);
  for (const Metric& metric : task.metrics)
    fmt::print("    metric {} = {:.6g}\n", metric.name, metric.value);
  if (task.metrics.empty()) fmt::print("    no metrics\n");
}

}  // namespace

Result<int> DryRunClient(edge::Settings settings, const std::string& plan) {
  if (const auto identity = edge::IdentityDirectory(settings); privacy::HasCredentials(identity)) {
    ASSIGN_OR_RETURN(const auto own, rpc::OwnCredentials(identity));
    settings.name = own.identity.name;
  }
  if (settings.name.empty())
    return InvalidArgument("`name` is missing: the site has no certificate yet that names it");
  if (plan.empty()) return InvalidArgument("--dry-run needs --plan FILE, a run's configuration");
  const config::ReadConfig read = config::ReadConfigFile(plan, {});
  RETURN_IF_ERROR(config::AsStatus(read.faults));
  // What would reach the site: the plan, without the simulation's own rows and clients.
  ASSIGN_OR_RETURN(const config::Config received,
                   config::ReadPlan(config::RenderPlan(read.config)));
  ASSIGN_OR_RETURN(const edge::DryRun run, edge::TryPlan(settings, received));
  fmt::print("base model {}\n{} rows to train on, {} held out\n", read.config.model.digest,
             run.rows, run.held_out);
  for (const auto& [key, digest] : run.data) fmt::print("{} {}\n", key, digest);
  fmt::print("method {}, rank {}; labels {}\n", read.config.adapter.method,
             read.config.adapter.rank, fmt::join(read.config.model.labels, ", "));
  for (const edge::TaskPreview& task : run.tasks) PrintTask(task);
  fmt::print(
      "\nBeside these, a hello (versions, device), heartbeats and words of progress. Nothing was "
      "sent now.\n");
  return kDone;
}

}  // namespace tributary
