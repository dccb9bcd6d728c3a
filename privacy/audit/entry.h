#pragma once
// One line of a chained log: JSON with sorted keys and no spaces, as it is dumped here and nowhere
// else. `hash` covers `prev_hash` and all other fields, so a line that is changed, lost, repeated
// or moved breaks the chain there.
//
//   hash = SHA-256(prev_hash || canonical JSON of the line without `hash` and `prev_hash`)
//
// both digests as 64 lower-case hexadecimal digits. Part of the stored format: it never changes.

#include <nlohmann/json_fwd.hpp>

#include "aggregation/base/digest.h"

namespace tributary::audit {

// Where a chain stands: its last line.
struct Head {
  int64_t seq = 0;  // 0: there is no line yet
  Digest hash{};    // all zeros before the first line
  bool operator==(const Head&) const = default;
};

inline constexpr size_t kMaxLine = size_t{1} << 20;

// The next line after `head`, which moves on; with its line break. `fields` is an object without
// the four that are added: seq, time, prev_hash, hash.
std::string MakeLine(nlohmann::json fields, Head* head);

// Checks a line (without its break) and moves `head` on. DATA_LOSS says what does not fit.
Status CheckLine(std::string_view line, Head* head);

// Where a line says that it stands, for beginning in the middle of a chain: the head before it.
Result<Head> HeadBefore(std::string_view line);

}  // namespace tributary::audit
