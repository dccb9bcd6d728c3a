#pragma once
// The client's side of Transfer: bytes by digest, resumed where they stopped. Blocking; one thread.

#include <atomic>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "proto/rpc/channel.h"

namespace tributary::edge {

// An error of the way, not of the work: what was tried is tried again.
bool IsPassing(Code code);

// Bytes of content since the start, both ways. Any thread.
struct Traffic {
  std::atomic<int64_t> sent{0}, received{0};
};

// Sends a file that has that digest; goes on where an earlier attempt stopped. CANCELLED, at once,
// when it was told to stop.
Status Upload(rpc::Channel& channel, const proto::UploadBegin& begin,
              const std::filesystem::path& file, Traffic& traffic, std::stop_token stop);

}  // namespace tributary::edge
