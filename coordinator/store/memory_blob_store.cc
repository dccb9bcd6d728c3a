#include <map>
#include <mutex>

#include "coordinator/store/blob_index.h"
#include "coordinator/store/blob_store.h"

namespace tributary::store {
namespace {

class MemoryBlob : public Blob {
 public:
  explicit MemoryBlob(std::span<const std::byte> bytes) : bytes_(bytes.begin(), bytes.end()) {}
  std::span<const std::byte> bytes() const override { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

class MemoryBlobStore : public BlobStore {
 public:
  explicit MemoryBlobStore(BlobLimits limits) : index_(limits) {}

  Result<Digest> Put(std::span<const std::byte> bytes) override {
    const Digest digest = Sha256(bytes);
    const int64_t size = static_cast<int64_t>(bytes.size());
    const std::scoped_lock lock(mutex_);
    if (index_.Contains(digest)) return digest;
    RETURN_IF_ERROR(index_.Reserve("memory", size));
    blobs_.emplace(digest, std::make_shared<MemoryBlob>(bytes));
    index_.Release(size);
    index_.Add(digest, size);
    return digest;
  }
  Result<std::shared_ptr<const Blob>> Open(const Digest& digest) const override {
    const std::scoped_lock lock(mutex_);
    const auto it = blobs_.find(digest);
    if (it == blobs_.end()) return MakeError(Code::kNotFound, "no blob {} in memory", digest.Hex());
    return it->second;
  }
  Status Delete(const Digest& digest) override {
    const std::scoped_lock lock(mutex_);
    blobs_.erase(digest);
    index_.Remove(digest);
    return {};
  }
  bool Contains(const Digest& digest) const override {
    const std::scoped_lock lock(mutex_);
    return index_.Contains(digest);
  }
  std::vector<BlobFacts> List() const override {
    const std::scoped_lock lock(mutex_);
    return index_.List();
  }
  int64_t total_bytes() const override {
    const std::scoped_lock lock(mutex_);
    return index_.total();
  }

 private:
  mutable std::mutex mutex_;
  BlobIndex index_;
  std::map<Digest, std::shared_ptr<const Blob>> blobs_;
};

}  // namespace

std::unique_ptr<BlobStore> NewMemoryBlobStore(BlobLimits limits) {
  return std::make_unique<MemoryBlobStore>(limits);
}

}  // namespace tributary::store
