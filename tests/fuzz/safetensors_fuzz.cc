// The safetensors reader on any bytes: it refuses them, or shows tensors that lie within them, are
// written again, and are then read as the same.

#include <cstdint>

#include "aggregation/tensor/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tributary;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto content = ParseSafetensors(bytes);
  if (!content) {
    TRIBUTARY_CHECK(content.error().code == Code::kInvalidArgument, "a hostile file is bad input");
    return 0;
  }
  TensorMap tensors;
  size_t total = 0;
  for (const auto& [name, view] : content->tensors) {
    TRIBUTARY_CHECK(*ElementCount(view.shape) == view.size(), "a shape has its elements");
    total += view.bytes.size();
    tensors.emplace(name, Copy(view));
  }
  TRIBUTARY_CHECK(total <= size, "tensors do not overlap");
  const std::string written = SerializeSafetensors(tensors, content->metadata);
  const auto again = ReadSafetensors(std::as_bytes(std::span(written)));
  TRIBUTARY_CHECK(again.has_value() && *again == tensors, "what was written is read as the same");
  TRIBUTARY_CHECK(SerializeSafetensors(*again, content->metadata) == written,
                  "writing is canonical");
  return 0;
}
