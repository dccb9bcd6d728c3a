#include "coordinator/service/transfer_service.h"

#include <tributary/v1/transfer.grpc.pb.h>
#include "coordinator/service/fetching.h"
#include "coordinator/service/unary.h"
#include "coordinator/service/uploading.h"

namespace tributary::service {
namespace {

using grpc::ByteBuffer;

constexpr size_t kUploadsAtOnce = 16;  // each has up to two chunks in hand and one on its way

using Base = v1::Transfer::WithRawCallbackMethod_Upload<
    v1::Transfer::WithRawCallbackMethod_Fetch<v1::Transfer::WithRawCallbackMethod_Manifest<
        v1::Transfer::WithRawCallbackMethod_Model<v1::Transfer::Service>>>>;

class Service : public Base {
 public:
  explicit Service(TransferParts parts) : parts_(parts) {}

  UploadBase* Upload(grpc::CallbackServerContext* context) override {
    const auto caller = parts_.gate.Admit(*context, "Transfer/Upload");
    auto uploading = std::make_shared<Uploading>(parts_, turns_);
    if (uploading->Begin(parts_.gate, caller, "Transfer/Upload")) uploading->Listen();
    return uploading.get();
  }

  FetchBase* Fetch(grpc::CallbackServerContext* context, const ByteBuffer* request) override {
    const auto caller = parts_.gate.Admit(*context, "Transfer/Fetch");
    auto fetching = std::make_shared<Fetching>(parts_);
    if (fetching->Begin(parts_.gate, caller, "Transfer/Fetch")) fetching->Serve(*request);
    return fetching.get();
  }

  grpc::ServerUnaryReactor* Manifest(grpc::CallbackServerContext* context,
                                     const ByteBuffer* request, ByteBuffer* response) override {
    return Answer<proto::ManifestRequest>(
        context, "Transfer/Manifest", request, response,
        [this](daemon::Federation& federation, const ClientId& client,
               const proto::ManifestRequest& asked) {
          return parts_.transfers.Manifest(federation, client, asked);
        });
  }

  grpc::ServerUnaryReactor* Model(grpc::CallbackServerContext* context, const ByteBuffer* request,
                                  ByteBuffer* response) override {
    using Make = std::function<Result<proto::ModelManifest>()>;
    return Answer<proto::ModelRequest>(
        context, "Transfer/Model", request, response,
        [this](daemon::Federation& federation, const ClientId& client,
               const proto::ModelRequest& asked) -> Result<Make> {
          ASSIGN_OR_RETURN(const auto model, parts_.transfers.Model(federation, client, asked.run));
          return [model]() -> Result<proto::ModelManifest> { return model->manifest; };
        });
  }

 private:
  // `resolve` on the driver's thread, what it returns on the pool, where the answer is made.
  template <typename Request>
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, std::string_view method,
                                   const ByteBuffer* request, ByteBuffer* response, auto resolve) {
    return Receive<Request>(
        parts_.gate, parts_.driver, context, method, request,
        [&pool = parts_.pool, response, resolve](daemon::Federation& federation, Request&& asked,
                                                 const Caller& caller, auto* reactor) {
          auto make = resolve(federation, ClientId{caller.name}, asked);
          if (!make) return reactor->Finish(ToGrpc(make.error()));
          pool.Post([reactor, response, make = *std::move(make)] {
            FinishWith(reactor, response, make());
          });
        });
  }

  TransferParts parts_;
  const std::shared_ptr<UploadTurns> turns_ = UploadTurns::Make(kUploadsAtOnce);
};

}  // namespace

std::unique_ptr<grpc::Service> MakeTransferService(TransferParts parts) {
  return std::make_unique<Service>(parts);
}

}  // namespace tributary::service
