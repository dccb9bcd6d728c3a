#pragma once
// Transfer/Fetch as a caller sees it. Blocking; CANCELLED, at once, when it was told to stop.

#include <functional>
#include <stop_token>

#include "proto/rpc/channel.h"

namespace tributary::rpc {

// Calls `take` with the bytes of what was asked for, in order, until all are there.
Status Fetch(Channel& channel, const proto::FetchRequest& request,
             const std::function<Status(std::string_view)>& take, std::stop_token stop = {});

// A blob by its digest, at most `limit` bytes: DATA_LOSS if the bytes are not the digest's.
Result<std::string> FetchBlob(Channel& channel, const RunId& run, const Digest& digest,
                              size_t limit, std::stop_token stop = {});

}  // namespace tributary::rpc
