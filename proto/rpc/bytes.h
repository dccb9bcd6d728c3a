#pragma once
// gRPC's byte buffers as the bytes of convert.h.

#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tributary::rpc {

inline grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// The same without a copy of what follows `head`: `owner` keeps it until gRPC has let go.
inline grpc::ByteBuffer ToBuffer(const std::string& head,
                                 std::span<const std::span<const std::byte>> data,
                                 const std::shared_ptr<const void>& owner) {
  using Owner = std::shared_ptr<const void>;
  std::vector<grpc::Slice> slices = {grpc::Slice(head)};
  for (const std::span<const std::byte> part : data)
    slices.emplace_back(
        const_cast<std::byte*>(part.data()), part.size(),  // gRPC reads it
        [](void* held) { delete static_cast<Owner*>(held); }, new Owner(owner));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

// The first bytes of a buffer, at most `most`.
inline std::string FirstBytes(std::span<const grpc::Slice> slices, size_t most) {
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    if (bytes.size() == most) break;
    bytes.append(reinterpret_cast<const char*>(slice.begin()),
                 std::min(slice.size(), most - bytes.size()));
  }
  return bytes;
}

inline std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

}  // namespace tributary::rpc
