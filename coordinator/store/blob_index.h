#pragma once
// What both blob stores count: which blobs are there, their sizes, the quota. Not locked.

#include <map>

#include "coordinator/store/blob_store.h"

namespace tributary::store {

class BlobIndex {
 public:
  explicit BlobIndex(BlobLimits limits) : limits_(limits) {}

  // Sets `size` bytes aside for a blob that is being written; Release undoes it.
  Status Reserve(std::string_view subject, int64_t size) {
    if (size > limits_.quota - total_ - reserved_)
      return MakeError(Code::kResourceExhausted,
                       "{}: {} bytes more would exceed the quota of {} ({} are in use)", subject,
                       size, limits_.quota, total_ + reserved_);
    reserved_ += size;
    return {};
  }
  void Release(int64_t size) { reserved_ -= size; }

  void Add(const Digest& digest, int64_t size) {
    if (sizes_.emplace(digest, size).second) total_ += size;
  }
  void Remove(const Digest& digest) {
    const auto it = sizes_.find(digest);
    if (it == sizes_.end()) return;
    total_ -= it->second;
    sizes_.erase(it);
  }

  bool Contains(const Digest& digest) const { return sizes_.contains(digest); }
  std::vector<BlobFacts> List() const {
    std::vector<BlobFacts> list;
    for (const auto& [digest, size] : sizes_) list.push_back({digest, size});
    return list;
  }
  int64_t total() const { return total_; }

 private:
  BlobLimits limits_;
  std::map<Digest, int64_t> sizes_;
  int64_t total_ = 0;
  int64_t reserved_ = 0;
};

}  // namespace tributary::store
