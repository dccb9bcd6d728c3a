#include "client/train/attention.h"

#include <cmath>

#include "client/train/attention_kernel.h"

namespace tributary::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const bool kHasAvx2 = __builtin_cpu_supports("avx2");

int64_t LongestSegment(const Offsets& offsets) {
  int64_t longest = 0;
  for (size_t i = 0; i + 1 < offsets.size(); ++i)
    longest = std::max(longest, offsets[i + 1] - offsets[i]);
  return longest;
}

// Calls visit(head view, where its probabilities begin, offset of its first query element).
template <typename Visit>
void ForEachHead(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                 const Offsets& query_offsets, const Offsets& key_offsets, int64_t heads,
                 const Visit& visit) {
  const int64_t stride = q.size(1), width = stride / heads;
  int64_t at = 0;
  for (size_t s = 0; s + 1 < query_offsets.size(); ++s)
    for (int64_t h = 0; h < heads; ++h) {
      const int64_t q_at = query_offsets[s] * stride + h * width,
                    k_at = key_offsets[s] * stride + h * width;
      const HeadView head = {q.const_data_ptr<float>() + q_at,
                             k.const_data_ptr<float>() + k_at,
                             v.const_data_ptr<float>() + k_at,
                             query_offsets[s + 1] - query_offsets[s],
                             key_offsets[s + 1] - key_offsets[s],
                             width,
                             stride,
                             stride,
                             static_cast<float>(1.0 / std::sqrt(static_cast<double>(width)))};
      visit(head, at, q_at, k_at);
      at += head.queries * head.keys;
    }
}

struct Segments {  // one argument, since the library would unfold vectors
  const Offsets &query_offsets, &key_offsets;
  int64_t heads;
};

struct CpuAttention : torch::autograd::Function<CpuAttention> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k,
                            const at::Tensor& v, const Segments& segments) {
    const auto& [query_offsets, key_offsets, heads] = segments;
    at::Tensor out = at::empty_like(q);
    at::Tensor probabilities =
        at::empty({ProbabilityCount(query_offsets, key_offsets, heads)}, q.options());
    float* p = probabilities.mutable_data_ptr<float>();
    float* o = out.mutable_data_ptr<float>();
    const auto attend = kHasAvx2 ? AttendAvx2 : AttendPortable;
    ForEachHead(q, k, v, query_offsets, key_offsets, heads,
                [&](const HeadView& head, int64_t at, int64_t q_at, int64_t) {
                  attend(head, p + at, o + q_at);
                });
    context->save_for_backward({q, k, v, probabilities});
    context->saved_data["heads"] = heads;
    context->saved_data["query_offsets"] = query_offsets;
    context->saved_data["key_offsets"] = key_offsets;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto &q = saved[0], &k = saved[1], &v = saved[2];
    const Offsets query_offsets = context->saved_data["query_offsets"].toIntVector();
    const Offsets key_offsets = context->saved_data["key_offsets"].toIntVector();
    const at::Tensor dout = gradients[0].contiguous();
    at::Tensor dq = at::zeros_like(q), dk = at::zeros_like(k), dv = at::zeros_like(v);
    std::vector<float> scratch(static_cast<size_t>(LongestSegment(key_offsets)));
    const float* p = saved[3].const_data_ptr<float>();
    const auto backward = kHasAvx2 ? AttendBackwardAvx2 : AttendBackwardPortable;
    ForEachHead(q, k, v, query_offsets, key_offsets, context->saved_data["heads"].toInt(),
                [&](const HeadView& head, int64_t at, int64_t q_at, int64_t k_at) {
                  backward(
                      head, p + at, scratch.data(),
                      {dout.const_data_ptr<float>() + q_at, dq.mutable_data_ptr<float>() + q_at,
                       dk.mutable_data_ptr<float>() + k_at, dv.mutable_data_ptr<float>() + k_at});
                });
    return {dq, dk, dv, at::Tensor()};
  }
};

// Long segments, odd head widths and other devices: library products, one segment at a time.
at::Tensor SegmentwiseAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                const Offsets& query_offsets, const Offsets& key_offsets,
                                int64_t heads, const at::Tensor& keep, double dropout) {
  std::vector<at::Tensor> outputs;
  const int64_t width = q.size(1) / heads;
  int64_t at = 0;
  const auto split = [&](const at::Tensor& x, int64_t begin, int64_t end) {
    return x.slice(0, begin, end).view({end - begin, heads, width}).transpose(0, 1);
  };
  for (size_t s = 0; s + 1 < query_offsets.size(); ++s) {
    const at::Tensor qs = split(q, query_offsets[s], query_offsets[s + 1]);
    const at::Tensor ks = split(k, key_offsets[s], key_offsets[s + 1]),
                     vs = split(v, key_offsets[s], key_offsets[s + 1]);
    at::Tensor p =
        at::softmax(at::matmul(qs, ks.transpose(1, 2)) / std::sqrt(static_cast<double>(width)), -1);
    if (keep.defined()) p = p * keep.slice(0, at, at + p.numel()).view(p.sizes()) / (1 - dropout);
    at += p.numel();
    outputs.push_back(at::matmul(p, vs).transpose(0, 1).reshape({qs.size(1), heads * width}));
  }
  return at::cat(outputs);
}

// On CUDA: the library's variable-length kernel; nothing is padded.
at::Tensor CudaAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const Offsets& query_offsets, const Offsets& key_offsets, int64_t heads) {
  const int64_t width = q.size(1) / heads;
  const auto shape = [&](const at::Tensor& x) { return x.view({1, x.size(0), heads, width}); };
  const auto cumulative = [&](const Offsets& offsets) {
    return at::tensor(at::ArrayRef<int64_t>(offsets), at::kLong).to(at::kInt).to(q.device());
  };
  const auto result = at::_efficient_attention_forward(
      shape(q), shape(k), shape(v), std::nullopt, cumulative(query_offsets),
      cumulative(key_offsets), LongestSegment(query_offsets), LongestSegment(key_offsets), 0.0, 0,
      true);
  return std::get<0>(result).view_as(q);
}

}  // namespace

int64_t ProbabilityCount(const Offsets& query_offsets, const Offsets& key_offsets, int64_t heads) {
  int64_t count = 0;
  for (size_t s = 0; s + 1 < query_offsets.size(); ++s)
    count +=
        heads * (query_offsets[s + 1] - query_offsets[s]) * (key_offsets[s + 1] - key_offsets[s]);
  return count;
}

at::Tensor SegmentAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const Offsets& query_offsets, const Offsets& key_offsets, int64_t heads,
                            const at::Tensor& keep, double dropout) {
  constexpr int64_t kShort = 64;  // rows beyond which library products win
  const int64_t width = q.size(1) / heads;
  if (q.is_cuda() && !keep.defined())
    return CudaAttention(q, k, v, query_offsets, key_offsets, heads);
  if (q.is_cpu() && !keep.defined() && width % 8 == 0 && LongestSegment(key_offsets) <= kShort)
    return CpuAttention::apply(q.contiguous(), k.contiguous(), v.contiguous(),
                               Segments{query_offsets, key_offsets, heads});
  return SegmentwiseAttention(q, k, v, query_offsets, key_offsets, heads, keep, dropout);
}

}  // namespace tributary::train
