#pragma once
// The training loop of one task on one client.

#include "client/train/encoder.h"

namespace tributary::train {

// As client::Model::Train; may throw what libtorch throws.
Result<client::TrainResult> RunTraining(const Encoder& encoder, const client::TrainTask& task,
                                        std::stop_token stop);

}  // namespace tributary::train
