#pragma once
// Files that only their owner may read: private keys and what is as secret.

#include <filesystem>
#include <string_view>

#include "aggregation/base/status.h"
#include "privacy/crypto/secret.h"

namespace tributary::privacy {

inline constexpr size_t kMaxPrivateFile = 16 << 10;

// Writes beside the target under a name that did not exist, with mode 0600 from the first moment
// whatever the umask, syncs, renames over the target, syncs the directory: as WriteFile, and never
// readable by others in between. Who may enter the directory is the caller's affair.
Status WritePrivateFile(const std::filesystem::path& path, std::string_view content);

// FAILED_PRECONDITION, naming file, owner and mode, unless it is a regular file that belongs to the
// effective user and has no mode bit for group or others. Looks at the file that it opened, so a
// symbolic link counts as what it leads to. At most kMaxPrivateFile bytes.
Result<Secret> ReadPrivateFile(const std::filesystem::path& path);

}  // namespace tributary::privacy
