// The converter on any bytes, as each message that travels: it refuses them, or gives a value that
// is written and read again as the same. The first byte chooses the message.

#include <cstdint>

#include "proto/convert.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using namespace tributary;

template <typename Message>
void Read(std::string_view bytes) {
  const auto message = proto::Decode<Message>(bytes);
  if constexpr (std::is_same_v<Message, proto::UploadMessage>) {
    const auto found = proto::FindChunk(bytes.substr(0, proto::kMostChunkHead), bytes.size());
    const auto* chunk = message ? std::get_if<proto::Chunk>(&message->body) : nullptr;
    TRIBUTARY_CHECK(!found || (chunk != nullptr && chunk->offset == found->offset &&
                               chunk->data.value == bytes.substr(found->begin)),
                    "a chunk that is found without Decode is the same");
  }
  if (!message) {
    TRIBUTARY_CHECK(message.error().code == Code::kInvalidArgument, "hostile bytes are bad input");
    return;
  }
  const std::string written = proto::Encode(*message);
  const auto again = proto::Decode<Message>(written);
  TRIBUTARY_CHECK(again && *again == *message, "what was written is read as the same");
  TRIBUTARY_CHECK(proto::Encode(*again) == written, "writing is canonical");
}

using Reader = void (*)(std::string_view);
#define TRIBUTARY_READER(M) Read<proto::M>,
constexpr Reader kReaders[] = {TRIBUTARY_MESSAGES(TRIBUTARY_READER)};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  kReaders[data[0] % std::size(kReaders)]({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
