#include "coordinator/service/session_hub.h"

namespace tributary::service {

void SessionHub::Add(const ClientId& client, std::shared_ptr<Stream> stream) {
  const std::scoped_lock lock(mutex_);
  std::shared_ptr<Stream>& slot = streams_[client];
  if (slot != nullptr && slot != stream)
    slot->Close({Code::kAborted, "this identity has connected from another place"});
  slot = std::move(stream);
}

bool SessionHub::Remove(const ClientId& client, const Stream* stream) {
  const std::scoped_lock lock(mutex_);
  const auto it = streams_.find(client);
  if (it == streams_.end() || it->second.get() != stream) return false;
  streams_.erase(it);
  return true;
}

void SessionHub::Send(const ClientId& client, const proto::CoordinatorMessage& message) {
  const std::scoped_lock lock(mutex_);
  const auto it = streams_.find(client);
  if (it != streams_.end()) it->second->Send(message);
}

void SessionHub::SendToAll(const proto::CoordinatorMessage& message) {
  const std::scoped_lock lock(mutex_);
  for (const auto& [client, stream] : streams_) stream->Send(message);
}

void SessionHub::CloseAll(const Error& why) {
  const std::scoped_lock lock(mutex_);
  for (const auto& [client, stream] : streams_) stream->Close(why);
}

}  // namespace tributary::service
