#include "coordinator/service/upload_slots.h"

namespace tributary::service {

Status UploadSlots::Enter(const ClientId& client, const Digest& digest,
                          const std::shared_ptr<OpenCall>& call) {
  std::shared_ptr<OpenCall> older;
  {
    const std::scoped_lock lock(mutex_);
    int64_t own = 0;
    for (const auto& [key, place] : places_) {
      if (place.client != client) continue;
      ++own;
      if (place.digest == digest) older = place.call.lock();
    }
    if (older == nullptr) {
      if (own >= of_client_)
        return MakeError(Code::kResourceExhausted,
                         "{} has {} uploads under way, at most {} go on at once; try again in a "
                         "second",
                         client.value, own, of_client_);
      if (static_cast<int64_t>(places_.size()) >= in_all_)
        return MakeError(Code::kResourceExhausted,
                         "{} uploads are under way; try again in a second", places_.size());
      places_[call.get()] = {client, digest, call};
      return {};
    }
  }
  older->End({Code::kAborted, "the same upload has begun on another stream"});
  return MakeError(Code::kAborted, "the same upload was under way on another stream; try again");
}

void UploadSlots::Leave(const OpenCall* call) {
  const std::scoped_lock lock(mutex_);
  places_.erase(call);
}

}  // namespace tributary::service
