#pragma once
// One request, one answer: admit, decode, ask on the driver's thread, note it, encode.

#include <grpcpp/grpcpp.h>

#include "coordinator/daemon/driver.h"
#include "coordinator/service/audited.h"
#include "coordinator/service/gate.h"
#include "proto/convert.h"
#include "proto/rpc/bytes.h"

namespace tributary::service {

// `then` takes (daemon::Federation&, Request&&, const Caller&, grpc::ServerUnaryReactor*) on the
// driver's thread and finishes the reactor, there or later.
template <typename Request, typename Then>
grpc::ServerUnaryReactor* Receive(Gate& gate, daemon::Driver& driver,
                                  grpc::CallbackServerContext* context, std::string_view method,
                                  const grpc::ByteBuffer* request, Then then) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto fail = [reactor](const Error& why) { reactor->Finish(ToGrpc(why)); };
  const auto caller = gate.Admit(*context, method);
  if (!caller) return fail(caller.error()), reactor;
  auto decoded = proto::Decode<Request>(rpc::ToBytes(*request));
  if (!decoded) {
    gate.refusals().Add(Refusal::kMalformed, *caller, method, decoded.error());
    return fail(decoded.error()), reactor;
  }
  const bool posted = driver.Post([then, reactor, caller = *caller,
                                   decoded = *std::move(decoded)](daemon::Federation& f) mutable {
    then(f, std::move(decoded), caller, reactor);
  });
  if (!posted) fail({Code::kUnavailable, "the coordinator stops"});
  return reactor;
}

template <typename Message>
void FinishWith(grpc::ServerUnaryReactor* reactor, grpc::ByteBuffer* response,
                const Result<Message>& answer) {
  if (!answer) return reactor->Finish(ToGrpc(answer.error()));
  *response = rpc::ToBuffer(proto::Encode(*answer));
  reactor->Finish(grpc::Status::OK);
}

// `make` takes (daemon::Federation&, Request&&, const Caller&) and gives a Result of a message.
template <typename Request, typename Make>
grpc::ServerUnaryReactor* Answer(Gate& gate, daemon::Driver& driver,
                                 grpc::CallbackServerContext* context, std::string_view method,
                                 const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                                 Make make) {
  return Receive<Request>(
      gate, driver, context, method, request,
      [response, make, method, &gate](daemon::Federation& federation, Request&& asked,
                                      const Caller& caller, grpc::ServerUnaryReactor* reactor) {
        const bool is_noted = IsNoted(method);
        const nlohmann::json object = is_noted ? ObjectOf(asked) : nullptr;
        auto answer = make(federation, std::move(asked), caller);
        const Status result = answer ? Status() : tl::unexpected(answer.error());
        const Status noted = is_noted ? gate.Note(caller, method, object, result) : Status();
        if (answer && !noted) answer = tl::unexpected(noted.error());
        FinishWith(reactor, response, answer);
      });
}

}  // namespace tributary::service
