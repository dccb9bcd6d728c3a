#pragma once
// A site's client that says what a test wants to have said: the protocol by hand, over real TLS,
// with the certificate of a site that has joined. One thread.

#include "aggregation/tensor/tensor.h"
#include "proto/rpc/channel.h"
#include "tests/e2e/live_federation.h"

namespace tributary {

class HandClient {
 public:
  // As site-NUMBER, which joins if it has not; the coordinator runs.
  HandClient(LiveFederation& live, int number);

  // Hello and its Welcome, then the question for what waits.
  Status Connect();
  bool Say(proto::ClientBody message) {
    return stream_->Write(proto::ClientMessage{std::move(message)});
  }
  // The next message, or why the stream has ended.
  Result<proto::CoordinatorBody> Hear();
  // The next of that kind; the others are passed over.
  template <typename Message>
  Result<Message> HearThe() {
    for (;;) {
      auto body = Hear();
      if (!body) return tl::unexpected(body.error());
      if (auto* message = std::get_if<Message>(&*body)) return std::move(*message);
    }
  }

  // Takes the evaluation that comes and answers it with one row.
  Status Evaluate();

  // Zeros that fit the task, of the run's plan or of one with another rank.
  TensorMap Update(const proto::Assignment& assignment, int64_t rank = 0);
  // The same as the bytes of a file.
  std::string UpdateBytes(const proto::Assignment& assignment);

  static proto::UploadBegin Begin(const proto::Assignment& assignment, const std::string& bytes);
  // On a stream of its own: `begin`, and from the offset that is answered on the bytes in such
  // chunks. The last state, or how the stream ended.
  Result<proto::UploadState> Upload(const proto::UploadBegin& begin, const std::string& bytes,
                                    size_t chunk = proto::kMaxChunk);
  // Offers what was uploaded and waits for the answer: accepted, or why not.
  Result<Reason> Offer(const proto::Assignment& assignment, const std::string& bytes,
                       int64_t weight = 10);

  rpc::Channel& channel() { return *channel_; }
  const std::filesystem::path& identity() const { return identity_; }

 private:
  const LiveFederation& live_;
  std::filesystem::path identity_;
  std::unique_ptr<rpc::Channel> channel_;
  std::unique_ptr<rpc::Stream> stream_;
};

}  // namespace tributary
