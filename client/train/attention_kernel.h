#pragma once
// Attention of short segments on the CPU: one head of one segment at a time, vectors of eight
// floats. attention_kernel.inc is compiled for any x86-64 processor and again for AVX2.

#include <cstdint>

namespace tributary::train {

// One head of one segment. Rows lie `stride` floats apart; probabilities are [queries, keys].
struct HeadView {
  const float *q, *k, *v;
  int64_t queries, keys, width, q_stride, kv_stride;
  float scale;
};
struct HeadGradients {
  const float* out;  // gradient of the head's output, rows q_stride apart
  float *q, *k, *v;  // added to
};

// out = softmax(scale * q k^T) v; `width` is a multiple of 8. The probabilities are kept.
void AttendPortable(const HeadView& head, float* probabilities, float* out);
void AttendAvx2(const HeadView& head, float* probabilities, float* out);
void AttendBackwardPortable(const HeadView& head, const float* probabilities, float* scratch,
                            const HeadGradients& gradients);
void AttendBackwardAvx2(const HeadView& head, const float* probabilities, float* scratch,
                        const HeadGradients& gradients);

}  // namespace tributary::train
