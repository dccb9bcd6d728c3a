#pragma once
// The one place between wire and domain: bytes of Protocol Buffers (proto3) and the values of
// message.h. Nothing else in the project sees a generated message.
//
// Decode is total: any bytes give a value within every limit of message.h, or INVALID_ARGUMENT that
// names the field. What is checked: well-formed protobuf and UTF-8, a digest of 32 bytes, an
// enumeration's known value, a oneof that is set, finite numbers, names and texts without control
// characters and within their length, lists within theirs. Fields that are not known are ignored,
// which is how a newer minor version is understood.

#include <optional>

#include "proto/message.h"

namespace tributary::proto {

// For every struct of message.h.
template <typename Message>
std::string Encode(const Message& message);
template <typename Message>
Result<Message> Decode(std::string_view bytes);

// A chunk without copies of its data: what goes before them in the encoding of Chunk{offset, `size`
// bytes}, of at least one byte, and of an UploadMessage with it. Nothing goes behind them.
std::string BareChunkHead(int64_t offset, size_t size);
std::string ChunkHead(int64_t offset, size_t size);

// And back: the offset, and where in the message the data begin. `first` are the first
// kMostChunkHead bytes of a message of `size` bytes, or all of them. Nothing where it is not what
// ChunkHead makes, or breaks a limit: Decode has the last word there.
inline constexpr size_t kMostChunkHead = 32;
struct FoundChunk {
  int64_t offset = 0;
  size_t begin = 0;
};
std::optional<FoundChunk> FindChunk(std::string_view first, size_t size);

}  // namespace tributary::proto
