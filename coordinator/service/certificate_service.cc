#include <fmt/ranges.h>
#include <tributary/v1/identity.grpc.pb.h>

#include "coordinator/identity/list.h"
#include "coordinator/service/identity_service.h"
#include "coordinator/service/unary.h"
#include "proto/rpc/tls.h"

namespace tributary::service {
namespace {

using daemon::Federation;
using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

using Base =
    v1::Certificates::WithRawCallbackMethod_Renew<v1::Certificates::WithRawCallbackMethod_Invite<
        v1::Certificates::WithRawCallbackMethod_Sign<v1::Certificates::WithRawCallbackMethod_List<
            v1::Certificates::WithRawCallbackMethod_Approve<
                v1::Certificates::WithRawCallbackMethod_Revoke<v1::Certificates::Service>>>>>>;

class Service : public Base {
 public:
  explicit Service(const IdentityParts& parts) : parts_(parts) {}

  ServerUnaryReactor* Renew(CallbackServerContext* context, const ByteBuffer* request,
                            ByteBuffer* response) override {
    return Ask<proto::RenewRequest>(
        context, "Certificates/Renew", request, response,
        [this](Federation&, proto::RenewRequest&& renew, const Caller& caller) {
          return parts_.registrar.Renew({caller.name, caller.role, caller.identity},
                                        renew.request.value, rpc::UnixNow());
        });
  }
  ServerUnaryReactor* Invite(CallbackServerContext* context, const ByteBuffer* request,
                             ByteBuffer* response) override {
    return Ask<proto::InviteRequest>(context, "Certificates/Invite", request, response,
                                     [this](Federation&, proto::InviteRequest&& invite,
                                            const Caller&) -> Result<proto::Invitation> {
                                       RETURN_IF_ERROR(CheckRole(invite.role));
                                       return parts_.registrar.Invite(invite, rpc::UnixNow());
                                     });
  }
  ServerUnaryReactor* Sign(CallbackServerContext* context, const ByteBuffer* request,
                           ByteBuffer* response) override {
    return Ask<proto::SignRequest>(context, "Certificates/Sign", request, response,
                                   [this](Federation&, proto::SignRequest&& sign,
                                          const Caller&) -> Result<proto::IssuedChain> {
                                     RETURN_IF_ERROR(CheckRole(sign.role));
                                     return parts_.registrar.Sign(sign, rpc::UnixNow());
                                   });
  }
  ServerUnaryReactor* List(CallbackServerContext* context, const ByteBuffer* request,
                           ByteBuffer* response) override {
    return Ask<proto::CertificatesRequest>(
        context, "Certificates/List", request, response,
        [this](Federation&, proto::CertificatesRequest&&, const Caller&) { return Members(); });
  }
  ServerUnaryReactor* Approve(CallbackServerContext* context, const ByteBuffer* request,
                              ByteBuffer* response) override {
    return Ask<proto::ApproveRequest>(
        context, "Certificates/Approve", request, response,
        [this](Federation&, proto::ApproveRequest&& approve,
               const Caller&) -> Result<proto::Document> {
          RETURN_IF_ERROR(parts_.registrar.Approve(approve, rpc::UnixNow()));
          return Members();
        });
  }
  ServerUnaryReactor* Revoke(CallbackServerContext* context, const ByteBuffer* request,
                             ByteBuffer* response) override {
    return Ask<proto::RevokeRequest>(
        context, "Certificates/Revoke", request, response,
        [this](Federation& federation, proto::RevokeRequest&& revoke,
               const Caller&) -> Result<proto::Document> {
          RETURN_IF_ERROR(parts_.registrar.Revoke(revoke, rpc::UnixNow()));
          if (revoke.role == "client") federation.Revoked({revoke.name});
          return Members();
        });
  }

 private:
  template <typename Request>
  ServerUnaryReactor* Ask(CallbackServerContext* context, std::string_view method,
                          const ByteBuffer* request, ByteBuffer* response, auto make) {
    return Answer<Request>(parts_.gate, parts_.driver, context, method, request, response, make);
  }
  Result<proto::Document> Members() {
    return proto::Document{{identity::MembersJson(parts_.registrar, rpc::UnixNow())}};
  }
  static Status CheckRole(const std::string& role) {
    for (const std::string_view known : Roles())
      if (role == known) return {};
    return InvalidArgument("role = \"{}\": expected one of {}", role, fmt::join(Roles(), ", "));
  }

  const IdentityParts parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeCertificateService(const IdentityParts& parts) {
  return std::make_unique<Service>(parts);
}

}  // namespace tributary::service
