#pragma once
// What `simulate` shows while it runs: lines with a bar on a terminal, plain lines elsewhere, or
// one JSON object a line.

#include "coordinator/simulation/simulate.h"

namespace tributary {

class RunProgress : public simulation::Progress {
 public:
  virtual void OnEnd(const simulation::SimulateResult& result, const std::string& directory) = 0;
};

std::unique_ptr<RunProgress> MakeProgress(bool json);

}  // namespace tributary
