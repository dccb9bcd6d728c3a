// The reader of join strings on any bytes: it refuses them, or gives an invitation that is written
// as the same text. So that a fuzzer gets behind the check digits, the bytes are read as a body,
// too.

#include <cstdint>
#include <string>

#include "privacy/crypto/encoding.h"
#include "proto/join_string.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using namespace tributary;

void Read(std::string_view text) {
  const auto invitation = proto::DecodeJoinString(text);
  if (!invitation) {
    TRIBUTARY_CHECK(invitation.error().code == Code::kInvalidArgument,
                    "a hostile join string is bad input");
    return;
  }
  const auto again = proto::EncodeJoinString(*invitation);
  TRIBUTARY_CHECK(again && text.find(*again) != text.npos, "one invitation has one text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Read(bytes);
  std::string text = "TRIBJOIN1." + privacy::ToBase64Url(bytes);
  text += fmt::format(".{:08x}", privacy::Crc32(text));
  Read(text);
  return 0;
}
