#pragma once
// One request, one answer: admit, decode, ask on the driver's thread, note it, encode.

#include <grpcpp/grpcpp.h>

#include "coordinator/daemon/driver.h"
#include "coordinator/service/audited.h"
#include "coordinator/service/gate.h"
#include "proto/convert.h"
#include "proto/rpc/bytes.h"

namespace tributary::service {

// `make` takes (daemon::Federation&, Request&&, const Caller&) and gives a Result of a message.
template <typename Request, typename Make>
grpc::ServerUnaryReactor* Answer(Gate& gate, daemon::Driver& driver,
                                 grpc::CallbackServerContext* context, std::string_view method,
                                 const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                                 Make make) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto fail = [reactor](const Error& why) { reactor->Finish(ToGrpc(why)); };
  const auto caller = gate.Admit(*context, method);
  if (!caller) return fail(caller.error()), reactor;
  auto decoded = proto::Decode<Request>(rpc::ToBytes(*request));
  if (!decoded) {
    gate.refusals().Add(Refusal::kMalformed, *caller, method, decoded.error());
    return fail(decoded.error()), reactor;
  }
  const bool posted =
      driver.Post([fail, reactor, response, make, method, &gate, caller = *caller,
                   decoded = *std::move(decoded)](daemon::Federation& federation) mutable {
        const bool is_noted = IsNoted(method);
        const nlohmann::json object = is_noted ? ObjectOf(decoded) : nullptr;
        const auto answer = make(federation, std::move(decoded), caller);
        const Status result = answer ? Status() : tl::unexpected(answer.error());
        const Status noted = is_noted ? gate.Note(caller, method, object, result) : Status();
        if (!answer) return fail(answer.error());
        if (!noted) return fail(noted.error());
        *response = rpc::ToBuffer(proto::Encode(*answer));
        reactor->Finish(grpc::Status::OK);
      });
  if (!posted) fail({Code::kUnavailable, "the coordinator stops"});
  return reactor;
}

}  // namespace tributary::service
