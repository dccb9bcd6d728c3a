// The adapter of a run that has ended, with the site's own parts, on the site's own disk.

#include "aggregation/base/version.h"
#include "aggregation/strategy/export.h"
#include "aggregation/strategy/run_state.h"
#include "client/edge/worker.h"
#include "coordinator/artefact/adapter_directory.h"
#include "coordinator/plan/assemble.h"

namespace tributary::edge {

Result<Done> Worker::KeepAdapter(const Job& job, std::stop_token stop) {
  ASSIGN_OR_RETURN(const config::Config* const plan, PlanFor(job, stop));
  ASSIGN_OR_RETURN(const client::TextModel base, FindModel(settings_, plan->model.digest));
  ASSIGN_OR_RETURN(const strategy::AdapterSpec spec,
                   plan::AdapterOf(*plan, {base.directory.family, base.directory.config}));
  int64_t fetched = 0;
  ASSIGN_OR_RETURN(TensorMap tensors,
                   cache_.Checkpoint(channel_, job.run, job.task.checkpoint, &fetched, stop));
  traffic_.received += fetched;
  ASSIGN_OR_RETURN(const strategy::ClientCheckpoint opened,
                   strategy::OpenClientTensors(spec, job.rank, std::move(tensors)));
  if (opened.checkpoint == nullptr)
    return MakeError(Code::kFailedPrecondition, "the run ended before it had an adapter");
  TensorMap local;
  if (strategy::MethodOf(spec).is_personal()) {
    const client::LocalParts locals(settings_.directory / "local" / job.run.value);
    ASSIGN_OR_RETURN(local, locals.Load(name_, job.task.round + 1));
  }
  ASSIGN_OR_RETURN(const TensorMap state, strategy::OwnState(spec, *opened.checkpoint, local));
  artefact::Provenance provenance;
  provenance.round = job.task.round;
  provenance.plan_digest = job.plan.Hex();
  provenance.state_digest = job.task.checkpoint.Hex();
  provenance.privacy = plan->privacy.mode;
  provenance.version = kVersion;
  provenance.numerics = kNumerics;
  RETURN_IF_ERROR(artefact::WriteAdapterDirectory(AdapterDirectory(job.run),
                                                  strategy::ExportAdapter(spec, state), *plan,
                                                  base.directory, provenance, {}));
  return Done{};
}

}  // namespace tributary::edge
