#include <tributary/v1/identity.grpc.pb.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "coordinator/service/identity_service.h"
#include "coordinator/service/reactor.h"
#include "privacy/crypto/random.h"
#include "proto/convert.h"
#include "proto/rpc/bytes.h"
#include "proto/rpc/tls.h"

namespace tributary::service {
namespace {

using grpc::ByteBuffer;
using Base = grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>;

constexpr std::string_view kMethod = "Enrollment/Enrol";

// Greets, hears one request, answers it.
class Enrolling : public Reactor<Enrolling, Base> {
 public:
  Enrolling(const IdentityParts& parts, std::atomic<size_t>& streams, std::string peer)
      : parts_(parts), streams_(streams), peer_(std::move(peer)) {}

  void Greet() {
    std::array<std::byte, 32> nonce;
    privacy::SecureRandomBytes(nonce);
    std::copy_n(reinterpret_cast<const uint8_t*>(nonce.data()), nonce.size(), nonce_.bytes.begin());
    Say({proto::EnrolmentGreeting{nonce_}});
  }
  void OnWriteDone(bool ok) override {
    if (!ok || is_answered_) return End();
    IfOpen([this] { StartRead(&in_); });
  }
  void OnReadDone(bool ok) override {
    if (!ok) return End();
    auto request = proto::Decode<proto::EnrolmentRequest>(rpc::ToBytes(in_));
    if (!request) return Refuse(Refusal::kMalformed, request.error());
    const bool posted =
        parts_.driver.Post([self = shared_from_this(), request = *std::move(request)](
                               daemon::Federation&) { self->Answer(request); });
    if (!posted) End({Code::kUnavailable, "the coordinator stops"});
  }
  void OnDone() override {
    --streams_;
    Reactor::OnDone();
  }

 private:
  void Answer(const proto::EnrolmentRequest& request) {
    const int64_t now = rpc::UnixNow();
    const auto own = privacy::OpenCredentials(parts_.identity, privacy::Purpose::kServer, "", now);
    if (!own) return End({Code::kUnavailable, "the coordinator's certificate cannot be read"});
    auto answer = parts_.registrar.Enrol(request, own->leaf.spki, nonce_, now);
    if (const Status noted = Note(request, answer); !noted && answer)
      answer = tl::unexpected(noted.error());
    if (!answer) return End(answer.error());
    is_answered_ = true;
    Say(*answer);
  }
  void Say(const proto::EnrolmentAnswer& answer) {
    out_ = rpc::ToBuffer(proto::Encode(answer));
    IfOpen([this] { StartWrite(&out_); });
  }

  // Whom the invitation names is in the line that made it.
  Status Note(const proto::EnrolmentRequest& request,
              const Result<proto::EnrolmentAnswer>& answer) {
    const bool waits = answer && std::holds_alternative<proto::EnrolmentPending>(answer->body);
    return parts_.gate.Note({"", "", peer_, "", ""}, kMethod,
                            {{"invite", request.invite},
                             {"request", Sha256(request.request.value).Hex()},
                             {"waits_for_approval", waits}},
                            answer ? Status() : Status(tl::unexpected(answer.error())));
  }

  const IdentityParts& parts_;
  std::atomic<size_t>& streams_;
  const std::string peer_;
  Digest nonce_;
  ByteBuffer in_, out_;
  bool is_answered_ = false;
};

class Service : public v1::Enrollment::WithRawCallbackMethod_Enrol<v1::Enrollment::Service> {
 public:
  explicit Service(const IdentityParts& parts)
      : parts_(parts), joins_(static_cast<double>(parts.gate.limits().joins_per_minute)) {}

  Base* Enrol(grpc::CallbackServerContext* context) override {
    const std::string peer = context->peer();
    Result<Caller> caller = Caller{"", "", peer, "", ""};
    const auto refuse = [&](Refusal reason, std::string why) {
      const Error error{Code::kResourceExhausted, std::move(why)};
      parts_.gate.refusals().Add(reason, *caller, kMethod, error);
      caller = tl::unexpected(error);
    };
    if (!rate_.Take(HostOf(peer), SteadyNow()))
      refuse(Refusal::kRate, "too many attempts to join; wait a minute");
    else if (streams_ >= static_cast<size_t>(parts_.gate.limits().strangers))
      refuse(Refusal::kConnections, "too many peers join at this moment");
    ++streams_;
    auto enrolling = std::make_shared<Enrolling>(parts_, streams_, peer);
    if (enrolling->Begin(parts_.gate, caller, kMethod)) enrolling->Greet();
    return enrolling.get();
  }

 private:
  const IdentityParts parts_;
  const double joins_;  // of one address in a minute
  RateLimit rate_{joins_ / 60, joins_};
  std::atomic<size_t> streams_ = 0;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEnrolmentService(const IdentityParts& parts) {
  return std::make_unique<Service>(parts);
}

}  // namespace tributary::service
