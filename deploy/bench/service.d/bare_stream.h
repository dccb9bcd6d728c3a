#pragma once
// The rival of an upload: a bare gRPC stream of chunks of 1 MiB over the product's TLS, whose
// receiver throws them away.

#include <filesystem>

#include "aggregation/base/status.h"

namespace tributary::bench {

// Serves until it is killed; prints the port.
Status ServeBareStreams(const std::filesystem::path& identity);

// Sends that many bytes of the file to 127.0.0.1:port and waits for the answer; seconds.
Result<double> SendBareStream(const std::filesystem::path& identity, int port,
                              const std::filesystem::path& file);

}  // namespace tributary::bench
