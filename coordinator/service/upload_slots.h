#pragma once
// How many uploads go on at the same time: so many in all, and few of one client. Any thread.

#include <map>
#include <memory>
#include <mutex>

#include "coordinator/service/gate.h"

namespace tributary::service {

class UploadSlots {
 public:
  UploadSlots(int64_t in_all, int64_t of_client) : in_all_(in_all), of_client_(of_client) {}

  // A place until Leave. RESOURCE_EXHAUSTED: not now. The same digest again, from a client that has
  // lost its connection and we do not know yet: ABORTED, and the older stream is ended, so that
  // the next attempt finds a place.
  Status Enter(const ClientId& client, const Digest& digest, const std::shared_ptr<OpenCall>& call);
  void Leave(const OpenCall* call);

 private:
  struct Place {
    ClientId client;
    Digest digest;
    std::weak_ptr<OpenCall> call;
  };
  const int64_t in_all_, of_client_;
  std::mutex mutex_;
  std::map<const OpenCall*, Place> places_;
};

}  // namespace tributary::service
