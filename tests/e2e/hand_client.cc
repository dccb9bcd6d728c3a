#include "tests/e2e/hand_client.h"

#include <fmt/format.h>

#include "aggregation/tensor/safetensors.h"
#include "coordinator/config/read.h"
#include "coordinator/config/render.h"
#include "coordinator/daemon/submission.h"
#include "proto/rpc/fetch.h"

namespace tributary {
namespace {

// What the stream says at its end, where it ended before its answer.
template <typename Message>
Result<Message> ReadOne(rpc::Stream& stream) {
  ASSIGN_OR_RETURN(auto message, stream.Read<Message>());
  if (message) return *std::move(message);
  const Status why = stream.Finish();
  return why ? MakeError(Code::kCancelled, "the stream ended without an answer")
             : tl::unexpected(why.error());
}

}  // namespace

HandClient::HandClient(LiveFederation& live, int number)
    : live_(live), identity_(live.world().path() / fmt::format("client-{}", number) / "identity") {
  if (!std::filesystem::exists(identity_ / "tls.pem")) live.Join(number);
  auto channel = rpc::Channel::Open({live.address(), identity_});
  TRIBUTARY_CHECK(channel, "the identity is good");
  channel_ = *std::move(channel);
}

Status HandClient::Connect() {
  stream_ = channel_->Open("Session/Connect");
  Say(proto::Hello{});
  ASSIGN_OR_RETURN(const auto first, Hear());
  if (!std::holds_alternative<proto::Welcome>(first))
    return MakeError(Code::kInternal, "something came before Welcome");
  Say(proto::Holds{});
  return {};
}

Result<proto::CoordinatorBody> HandClient::Hear() {
  ASSIGN_OR_RETURN(auto message, ReadOne<proto::CoordinatorMessage>(*stream_));
  return std::move(message.body);
}

Status HandClient::Evaluate() {
  ASSIGN_OR_RETURN(const auto assignment, HearThe<proto::Assignment>());
  TensorMap counts = Update(assignment);
  counts.at("evaluation.confusion").i64()[0] = 1;
  const std::string bytes = SerializeSafetensors(counts);
  RETURN_IF_ERROR(Upload(Begin(assignment, bytes), bytes));
  RETURN_IF_ERROR(Offer(assignment, bytes));
  return {};
}

TensorMap HandClient::Update(const proto::Assignment& assignment, int64_t rank) {
  const auto text = rpc::FetchBlob(*channel_, assignment.run, assignment.plan, size_t{1} << 20);
  TRIBUTARY_CHECK(text, "the plan can be fetched");
  proto::Submission submission;
  submission.plan.value = *text;
  if (rank > 0) {
    auto config = config::ReadPlan(*text);
    TRIBUTARY_CHECK(config, "the plan can be read");
    config->adapter.rank = rank;
    submission.plan.value = config::RenderPlan(*config);
  }
  submission.model_config.value = ReadText(live_.world().path() / "model/config.json");
  const auto setup = daemon::ReadSubmission(assignment.run, submission, 2, {});
  TRIBUTARY_CHECK(setup, setup.error().message);
  fold::FoldPlan plan = setup->plan.fold;
  plan.rank_of = [&](const ClientId&) { return rank > 0 ? rank : assignment.rank; };
  TensorMap tensors;
  for (const auto& [name, entry] : fold::UploadLayout(plan, {}, assignment.task))
    tensors.emplace(name, Tensor(entry.dtype, entry.shape));
  return tensors;
}

std::string HandClient::UpdateBytes(const proto::Assignment& assignment) {
  return SerializeSafetensors(Update(assignment));
}

proto::UploadBegin HandClient::Begin(const proto::Assignment& assignment,
                                     const std::string& bytes) {
  return {assignment.run, assignment.task.sequence, Sha256(bytes),
          static_cast<int64_t>(bytes.size())};
}

Result<proto::UploadState> HandClient::Upload(const proto::UploadBegin& begin,
                                              const std::string& bytes, size_t chunk) {
  const auto stream = channel_->Open("Transfer/Upload");
  stream->Write(proto::UploadMessage{begin});
  ASSIGN_OR_RETURN(auto state, ReadOne<proto::UploadState>(*stream));
  if (state.committed) return state;
  for (auto at = static_cast<size_t>(state.offset); at < bytes.size(); at += chunk)
    if (!stream->Write(proto::UploadMessage{
            proto::Chunk{static_cast<int64_t>(at), {bytes.substr(at, chunk)}}}))
      break;
  return ReadOne<proto::UploadState>(*stream);
}

Result<Reason> HandClient::Offer(const proto::Assignment& assignment, const std::string& bytes,
                                 int64_t weight) {
  const int64_t sequence = assignment.task.sequence;
  Say(proto::Offer{assignment.run, sequence, Sha256(bytes), weight, {}});
  for (;;) {
    ASSIGN_OR_RETURN(const auto body, Hear());
    if (const auto* yes = std::get_if<proto::Acknowledgement>(&body);
        yes != nullptr && yes->sequence == sequence)
      return Reason::kAccepted;
    if (const auto* no = std::get_if<proto::Dismissal>(&body);
        no != nullptr && no->sequence == sequence)
      return no->reason;
  }
}

}  // namespace tributary
