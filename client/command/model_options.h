#pragma once
// What `evaluate` and `predict` ask for alike: the base model, the adapter on it, the device.

#include "client/command/classifier.h"
#include "deploy/command.h"

namespace tributary::client {

struct ModelOptions {
  std::string model, adapter, device = "auto";

  void AddTo(CommandLine line);                                     // outlives the parsing
  Result<Classifier> Open() const;                                  // needs no training module
  Result<std::shared_ptr<const Model>> Load(int64_t labels) const;  // does
};

}  // namespace tributary::client
