#pragma once
// Sequences laid end to end in one row: no padding is made, so none is multiplied.

#include <span>

#include "client/train/attention.h"
#include "client/trainer.h"

namespace tributary::train {

struct Packed {
  at::Tensor ids, types, positions;  // i64 [tokens]
  Offsets offsets;                   // tokens of each sequence
  at::Tensor first;                  // i64 [sequences]: row of each sequence's first token
  at::Tensor labels;                 // i64 [sequences]
  int64_t sequences() const { return static_cast<int64_t>(offsets.size()) - 1; }
};

// `position_offset` is the first position's number (RoBERTa: pad token + 1).
Packed Pack(std::span<const client::Example> examples, std::span<const size_t> chosen,
            int64_t position_offset, at::Device device);

// Splits `chosen` into at most `parts` runs of about equal token counts, in order; none is empty.
std::vector<std::span<const size_t>> BalancedParts(std::span<const client::Example> examples,
                                                   std::span<const size_t> chosen, int parts);

}  // namespace tributary::train
