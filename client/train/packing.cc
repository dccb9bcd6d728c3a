#include "client/train/packing.h"

namespace tributary::train {

Packed Pack(std::span<const client::Example> examples, std::span<const size_t> chosen,
            int64_t position_offset, at::Device device) {
  Packed packed;
  packed.offsets = {0};
  for (size_t i : chosen)
    packed.offsets.push_back(packed.offsets.back() + static_cast<int64_t>(examples[i].ids.size()));
  const auto integers = at::TensorOptions(at::kLong);
  packed.ids = at::empty({packed.offsets.back()}, integers);
  packed.types = at::zeros({packed.offsets.back()}, integers);
  packed.positions = at::empty({packed.offsets.back()}, integers);
  packed.first = at::empty({packed.sequences()}, integers);
  packed.labels = at::empty({packed.sequences()}, integers);
  int64_t at = 0, row = 0;
  for (size_t i : chosen) {
    const client::Example& example = examples[i];
    packed.first.mutable_data_ptr<int64_t>()[row] = at;
    packed.labels.mutable_data_ptr<int64_t>()[row++] = example.label;
    for (size_t t = 0; t < example.ids.size(); ++t, ++at) {
      packed.ids.mutable_data_ptr<int64_t>()[at] = example.ids[t];
      packed.positions.mutable_data_ptr<int64_t>()[at] = position_offset + static_cast<int64_t>(t);
      if (!example.type_ids.empty())
        packed.types.mutable_data_ptr<int64_t>()[at] = example.type_ids[t];
    }
  }
  if (!device.is_cpu())
    for (at::Tensor* t :
         {&packed.ids, &packed.types, &packed.positions, &packed.first, &packed.labels})
      *t = t->to(device);
  return packed;
}

std::vector<std::span<const size_t>> BalancedParts(std::span<const client::Example> examples,
                                                   std::span<const size_t> chosen, int parts) {
  size_t total = 0;
  for (size_t i : chosen) total += examples[i].ids.size();
  std::vector<std::span<const size_t>> result;
  size_t begin = 0, tokens = 0;
  for (size_t end = 0; end < chosen.size(); ++end) {
    tokens += examples[chosen[end]].ids.size();
    const bool full = tokens * static_cast<size_t>(parts) >= total * (result.size() + 1);
    if (full || end + 1 == chosen.size()) {
      result.push_back(chosen.subspan(begin, end + 1 - begin));
      begin = end + 1;
    }
  }
  return result;
}

}  // namespace tributary::train
