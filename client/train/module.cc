// The one symbol that tributary-torch.so shows.

#include "client/trainer_module.h"

namespace tributary::train {
client::Trainer* MakeTorchTrainer();
}

extern "C" __attribute__((visibility("default"))) tributary::client::Trainer* tributary_trainer(
    int interface_version) {
  return interface_version == tributary::client::kTrainerInterface
             ? tributary::train::MakeTorchTrainer()
             : nullptr;
}
