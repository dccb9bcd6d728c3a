#pragma once
// The connected clients' streams: what the driver says to a client finds its stream here. One
// stream per identity; a newer one takes the older one's place. Any thread may call.

#include <map>
#include <memory>
#include <mutex>

#include "proto/message.h"

namespace tributary::service {

class Stream {
 public:
  virtual ~Stream() = default;
  // Queues the message; a client that does not read loses its stream. Never blocks.
  virtual void Send(const proto::CoordinatorMessage& message) = 0;
  virtual void Close(const Error& why) = 0;
};

class SessionHub {
 public:
  void Add(const ClientId& client, std::shared_ptr<Stream> stream);
  // True if it was the client's stream, and not one that was replaced.
  bool Remove(const ClientId& client, const Stream* stream);
  void Send(const ClientId& client, const proto::CoordinatorMessage& message);
  void SendToAll(const proto::CoordinatorMessage& message);
  void CloseAll(const Error& why);

 private:
  std::mutex mutex_;
  std::map<ClientId, std::shared_ptr<Stream>> streams_;
};

}  // namespace tributary::service
