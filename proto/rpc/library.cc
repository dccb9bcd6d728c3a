#include "proto/rpc/library.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <thread>

#include "privacy/crypto/library.h"

namespace tributary::rpc {
namespace {

constexpr auto kWait = std::chrono::milliseconds(1);
constexpr int kMostWaits = 3000;

}  // namespace

std::string LibraryVersion() { return "gRPC " + grpc::Version(); }

void UseLibrary() {
  struct Library {
    Library() {
      privacy::BeginLibrary();
      grpc_init();
    }
    // One of gRPC's own threads may hold the last call or channel yet, and shut it down then.
    ~Library() {
      grpc_shutdown_blocking();
      for (int waits = 0; grpc_is_initialized() != 0 && waits < kMostWaits; ++waits)
        std::this_thread::sleep_for(kWait);
    }
  };
  static const Library library;
}

}  // namespace tributary::rpc
