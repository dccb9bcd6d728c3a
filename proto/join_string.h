#pragma once
// What an invitation to a project fits in: one line to be pasted. Whoever has it may join once, so
// it is as secret as a password.
//
//   TRIBJOIN1.<body in base64url>.<8 hexadecimal digits>
//
// Body: address, project and invite id, each as two bytes of length (big-endian) and its bytes,
// then the SHA-256 of the root's SubjectPublicKeyInfo (32 bytes) and the secret (32 bytes). The
// digits are the CRC-32 of all that stands before the second dot; they find typing errors and
// protect against nobody. One invitation has one text.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "aggregation/base/digest.h"

namespace tributary::proto {

inline constexpr size_t kMaxJoinString = 1024;

struct JoinInvitation {
  std::string address;  // host:port, [IPv6]:port
  std::string project;  // a name, aggregation/base/name.h
  Digest root_spki;
  std::string invite_id;  // a name
  std::array<std::byte, 32> secret{};

  ~JoinInvitation();  // wipes the secret
};

// INVALID_ARGUMENT if a field cannot be what it is for. The text is the caller's to wipe.
Result<std::string> EncodeJoinString(const JoinInvitation& invitation);

// Any text; white space around it is skipped. INVALID_ARGUMENT says what is wrong and shows nothing
// of the text.
Result<JoinInvitation> DecodeJoinString(std::string_view text);

}  // namespace tributary::proto
