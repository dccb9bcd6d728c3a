#include "coordinator/service/library_calls.h"

namespace tributary::service {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::ServerRpcInfo;

// "Health/Check" of "/grpc.health.v1.Health/Check"; empty for what is not gRPC's.
std::string_view LibraryMethod(std::string_view path) {
  if (!path.starts_with("/grpc.")) return {};
  return path.substr(path.rfind('.') + 1);
}

class Guard : public grpc::experimental::Interceptor {
 public:
  Guard(Gate& gate, ServerRpcInfo& call) : gate_(gate), call_(call) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_INITIAL_METADATA) &&
        !gate_.Admit(*call_.server_context(), LibraryMethod(call_.method())))
      call_.server_context()->TryCancel();
    methods->Proceed();
  }

 private:
  Gate& gate_;
  ServerRpcInfo& call_;
};

class Guards : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Guards(Gate& gate) : gate_(gate) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* call) override {
    return LibraryMethod(call->method()).empty() ? nullptr : new Guard(gate_, *call);
  }

 private:
  Gate& gate_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> GuardLibraryCalls(
    Gate& gate) {
  return std::make_unique<Guards>(gate);
}

}  // namespace tributary::service
