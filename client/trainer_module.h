#pragma once
// Finds and opens tributary-torch.so: $TRIBUTARY_TORCH_MODULE, else beside the program, else in
// ../lib/tributary. Missing or unfit, the error says how to get it.

#include "client/trainer.h"

namespace tributary::client {

// Changes with every change of the interface in client/trainer.h.
inline constexpr int kTrainerInterface = 2;

// The one symbol the module exports, "tributary_trainer". Null if the version does not fit.
using TrainerEntry = Trainer* (*)(int interface_version);

Result<std::shared_ptr<Trainer>> OpenTrainer();

// The largest share of each GPU's memory that this process takes, 0 to 1, by the allocator's own
// setting (per_process_memory_fraction, libtorch's "Memory management" notes); training that needs
// more fails. Before a trainer is opened, while there is one thread.
void LimitGpuMemory(double share);

}  // namespace tributary::client
