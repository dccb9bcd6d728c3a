#include "proto/rpc/library.h"

#include <grpcpp/grpcpp.h>

#include "privacy/crypto/library.h"

namespace tributary::rpc {

std::string LibraryVersion() { return "gRPC " + grpc::Version(); }

void UseLibrary() {
  struct Library {
    Library() {
      privacy::BeginLibrary();
      grpc_init();
    }
    ~Library() { grpc_shutdown_blocking(); }
  };
  static const Library library;
}

}  // namespace tributary::rpc
