#pragma once
// Transfer/Fetch as a caller sees it. Blocking.

#include <functional>

#include "proto/rpc/channel.h"

namespace tributary::rpc {

// Calls `take` with the bytes of what was asked for, in order, until all are there.
Status Fetch(Channel& channel, const proto::FetchRequest& request,
             const std::function<Status(std::string_view)>& take);

// A blob by its digest, at most `limit` bytes: DATA_LOSS if the bytes are not the digest's.
Result<std::string> FetchBlob(Channel& channel, const RunId& run, const Digest& digest,
                              size_t limit);

}  // namespace tributary::rpc
