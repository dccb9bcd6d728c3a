#pragma once
// PEM (RFC 7468): base64 between lines that say what it is. For the sources of this folder.

#include <string_view>
#include <vector>

#include "aggregation/base/status.h"
#include "privacy/crypto/secret.h"

namespace tributary::privacy {

// What the blocks of a text hold: at least one and at most `most`, all with this label. Text around
// them is skipped. INVALID_ARGUMENT if there are none or more, if one has another label, is
// encrypted or damaged. Within an ErrorScope of the caller.
Result<std::vector<Secret>> ReadPem(std::string_view text, std::string_view label, size_t most);

Secret WritePem(const char* label, std::string_view der);

}  // namespace tributary::privacy
