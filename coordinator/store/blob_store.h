#pragma once
// Models, updates and checkpoints by what they are: bytes under their SHA-256. A blob is never
// changed, so one that is open stays readable even when it is deleted.
// Any thread may call.

#include <filesystem>
#include <memory>
#include <vector>

#include "aggregation/base/digest.h"

namespace tributary::store {

// An open blob: its bytes, verified when it was opened, valid while the object lives.
class Blob {
 public:
  virtual ~Blob() = default;
  virtual std::span<const std::byte> bytes() const = 0;
};

struct BlobFacts {
  Digest digest;
  int64_t size = 0;
  bool operator==(const BlobFacts&) const = default;
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // Durable when it returns; putting bytes again that are there is OK and repairs a damaged copy.
  // RESOURCE_EXHAUSTED beyond the quota or on a full disk; nothing is left behind.
  virtual Result<Digest> Put(std::span<const std::byte> bytes) = 0;
  // NOT_FOUND, or DATA_LOSS if the bytes no longer match their name.
  virtual Result<std::shared_ptr<const Blob>> Open(const Digest& digest) const = 0;
  virtual Status Delete(const Digest& digest) = 0;  // OK if it is not there

  virtual bool Contains(const Digest& digest) const = 0;
  virtual std::vector<BlobFacts> List() const = 0;  // in the order of digests
  virtual int64_t total_bytes() const = 0;
};

struct BlobLimits {
  int64_t quota = int64_t{1} << 40;  // bytes of all blobs together
};

// Files named by their digest's 64 digits in `directory`, which is made if it is missing. Leftovers
// of puts that a crash interrupted (*.tmp) are removed. FAILED_PRECONDITION if another process or
// object has the directory open.
Result<std::unique_ptr<BlobStore>> OpenDiskBlobStore(const std::filesystem::path& directory,
                                                     BlobLimits limits = {});

// A file's bytes as a blob; NOT_FOUND, or DATA_LOSS if they are not those of the digest.
Result<std::shared_ptr<const Blob>> OpenBlobFile(const std::filesystem::path& path,
                                                 const Digest& digest);

// The same in memory, for simulations without a disk.
std::unique_ptr<BlobStore> NewMemoryBlobStore(BlobLimits limits = {});

}  // namespace tributary::store
