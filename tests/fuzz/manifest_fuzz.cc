// A checkpoint's manifest of any bytes: refused, or tensors that are as large as it says and are
// filled by just that many bytes.

#include <cstdint>
#include <deque>

#include "client/edge/manifest.h"
#include "proto/convert.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tributary;
  const auto manifest =
      proto::Decode<proto::CheckpointManifest>({reinterpret_cast<const char*>(data), size});
  if (!manifest) return 0;
  if (const Status checked = edge::CheckManifest(*manifest); !checked) {
    TRIBUTARY_CHECK(checked.error().code == Code::kInvalidArgument, "a manifest is bad input");
    return 0;
  }
  int64_t total = 0;
  for (const proto::TensorEntry& entry : manifest->tensors) total += entry.size;
  TRIBUTARY_CHECK(total <= edge::kMaxCheckpoint, "a checkpoint has a limit");
  constexpr int64_t kMost = 1 << 16;  // that is filled here
  if (total > kMost) return 0;
  std::deque<Tensor> tensors;
  std::vector<Tensor*> into;
  for (const proto::TensorEntry& entry : manifest->tensors) {
    tensors.push_back(edge::EmptyTensor(entry));
    TRIBUTARY_CHECK(static_cast<int64_t>(tensors.back().bytes().size()) == entry.size,
                    "a tensor is as large as it is said to be");
    into.push_back(&tensors.back());
  }
  edge::Filler filler(into);
  const std::string part(1 + size % 977, '\x5a');
  for (int64_t left = total; left > 0;) {
    TRIBUTARY_CHECK(!filler.is_full(), "bytes are still to come");
    const auto taken = std::min(left, static_cast<int64_t>(part.size()));
    TRIBUTARY_CHECK(filler.Take(std::string_view(part).substr(0, static_cast<size_t>(taken))),
                    "there is room");
    left -= taken;
  }
  TRIBUTARY_CHECK(filler.is_full(), "all bytes have come");
  TRIBUTARY_CHECK(!filler.Take("x"), "a byte too many is refused");
  return 0;
}
