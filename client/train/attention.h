#pragma once
// Attention within the segments of a packed row: no token sees another segment, no padding exists.

#include <vector>

#include "client/train/torch_headers.h"

namespace tributary::train {

// Where segments begin: offsets[i]..offsets[i+1] are segment i's rows; the last entry is the total.
using Offsets = std::vector<int64_t>;

// q [sum of query rows, heads * width], k and v [sum of key rows, heads * width], f32. Segment i's
// queries see segment i's keys. Returns q's shape. Differentiable in q, k and v. `dropout` in [0,1)
// with a keep mask [kept probabilities in the order segment, head, query, key], or an undefined
// mask.
at::Tensor SegmentAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const Offsets& query_offsets, const Offsets& key_offsets, int64_t heads,
                            const at::Tensor& keep = {}, double dropout = 0);

// Number of attention probabilities, i.e. the length of a keep mask.
int64_t ProbabilityCount(const Offsets& query_offsets, const Offsets& key_offsets, int64_t heads);

}  // namespace tributary::train
