#include "client/command/model_options.h"

#include "client/trainer_module.h"

namespace tributary::client {

void ModelOptions::AddTo(CommandLine line) {
  line.Option("--model", model, "Directory of the base model, or of a merged one")
      .Required()
      .TypeName("DIR");
  line.Option("--adapter", adapter, "PEFT adapter directory; without it the model's own classifier")
      .TypeName("DIR");
  line.Option("--device", device, "auto, cpu, cuda or cuda:N");
}

Result<Classifier> ModelOptions::Open() const { return OpenClassifier(model, adapter); }

Result<std::shared_ptr<const Model>> ModelOptions::Load(int64_t labels) const {
  ASSIGN_OR_RETURN(const auto trainer, OpenTrainer());
  return trainer->Load({model, "sequence-classification", labels, device});
}

}  // namespace tributary::client
