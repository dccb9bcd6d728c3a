#include "proto/rpc/enrol.h"

#include <algorithm>
#include <mutex>

#include "privacy/crypto/random.h"
#include "proto/enrolment_proof.h"

namespace tributary::rpc {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

std::array<std::byte, 32> Array(const Digest& digest) {
  std::array<std::byte, 32> bytes;
  std::copy_n(reinterpret_cast<const std::byte*>(digest.bytes.data()), 32, bytes.begin());
  return bytes;
}

// What the server showed, of the last handshake; written on gRPC's threads.
struct Seen {
  std::mutex mutex;
  std::optional<Digest> spki;
};

CheckPeer IsInviting(const proto::JoinInvitation& invitation, std::shared_ptr<Seen> seen) {
  return
      [pin = invitation.root_spki, project = invitation.project, seen = std::move(seen)](
          const privacy::Certificate& leaf, std::span<const privacy::Certificate> given) -> Status {
        RETURN_IF_ERROR(CheckCoordinator(privacy::VerifyPinnedPeer(
            leaf, given, pin, {project, privacy::Purpose::kServer, UnixNow()})));
        const std::scoped_lock lock(seen->mutex);
        seen->spki = leaf.spki;
        return {};
      };
}

}  // namespace

Result<proto::EnrolmentAnswer> Enrol(const proto::JoinInvitation& invitation,
                                     const std::string& request, const std::string& proxy) {
  const auto seen = std::make_shared<Seen>();
  Endpoint endpoint{invitation.address};
  endpoint.proxy = proxy;
  endpoint.check = IsInviting(invitation, seen);
  ASSIGN_OR_RETURN(const auto channel, Channel::Open(endpoint));
  const auto stream = channel->Open("Enrollment/Enrol", kPatience);
  const auto ended = [&]() -> tl::unexpected<Error> {
    const Status why = stream->Finish();
    return why ? MakeError(Code::kUnavailable, "{}: said nothing", invitation.address)
               : tl::unexpected(why.error());
  };
  ASSIGN_OR_RETURN(const auto greeting, stream->Read<proto::EnrolmentAnswer>());
  if (!greeting) return ended();
  const auto* hello = std::get_if<proto::EnrolmentGreeting>(&greeting->body);
  if (hello == nullptr)
    return MakeError(Code::kInternal, "{}: an answer before the question", invitation.address);
  proto::EnrolmentRequest ask{invitation.invite_id, {request}, {}, {}};
  std::array<std::byte, 32> nonce;
  privacy::SecureRandomBytes(nonce);
  std::copy_n(reinterpret_cast<const uint8_t*>(nonce.data()), 32, ask.client_nonce.bytes.begin());
  Digest spki;
  {
    const std::scoped_lock lock(seen->mutex);
    spki = seen->spki.value_or(Digest{});
  }
  const privacy::Mac proof =
      proto::EnrolmentProof(invitation.secret, spki, Array(hello->nonce), nonce, Sha256(request));
  std::copy_n(reinterpret_cast<const uint8_t*>(proof.bytes.data()), 32, ask.proof.bytes.begin());
  if (!stream->Write(ask)) return ended();
  ASSIGN_OR_RETURN(auto answer, stream->Read<proto::EnrolmentAnswer>());
  if (!answer) return ended();
  return *std::move(answer);
}

Result<privacy::Credentials> Renew(Channel& channel, const std::filesystem::path& identity) {
  ASSIGN_OR_RETURN(const auto own, OwnCredentials(identity));
  ASSIGN_OR_RETURN(std::string request, privacy::PrepareRequest(identity));
  ASSIGN_OR_RETURN(const auto issued,
                   channel.Call<proto::IssuedChain>("Certificates/Renew",
                                                    proto::RenewRequest{{std::move(request)}}));
  return privacy::InstallChain(identity, issued.chain.value,
                               {own.identity.project, privacy::Purpose::kClient, UnixNow()}, {});
}

}  // namespace tributary::rpc
