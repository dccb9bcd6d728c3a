#pragma once
// What clients send, spooled in files until the stage it was sent for is over: resumed where it
// stopped, verified before it counts, mapped when it is read.
//   DIRECTORY/RUN/SEQUENCE/DIGEST              an upload that is whole
//   DIRECTORY/RUN/SEQUENCE/DIGEST.CLIENT.part  one under way
// Names of runs and clients have been checked (aggregation/base/name.h). Any thread may call the
// store.

#include <atomic>
#include <memory>
#include <mutex>
#include <set>

#include "aggregation/base/ids.h"
#include "coordinator/store/blob_store.h"

namespace tributary::store {

struct UploadKey {
  RunId run;
  int64_t sequence = 0;
  ClientId client;
  Digest digest;
  int64_t size = 0;
};

class UploadStore;

// An upload under way; one thread at a time. Destroyed before Commit, what was written stays, and
// the next Begin goes on behind it.
class Upload {
 public:
  ~Upload();
  int64_t offset() const { return offset_; }   // bytes that are there
  bool is_whole() const { return is_whole_; }  // it was committed before

  using Parts = std::span<const std::span<const std::byte>>;

  // Appends; more than the declared size is INVALID_ARGUMENT, a full disk RESOURCE_EXHAUSTED.
  Status Write(Parts parts);
  // Durable on OK. ABORTED if the bytes are not those of the digest; they are dropped.
  Status Commit();

 private:
  friend class UploadStore;
  Upload(UploadStore& store, UploadKey key) : store_(store), key_(std::move(key)) {}
  Status Open();
  Status HashWhatIsThere();
  void BeginToSync();

  UploadStore& store_;
  const UploadKey key_;
  int fd_ = -1;
  int64_t offset_ = 0;
  int64_t syncing_ = 0;  // bytes that the disk was asked to take
  bool is_whole_ = false, is_registered_ = false;
  Hasher hasher_;
};

class UploadStore {
 public:
  // Makes the directory where it is missing.
  static Result<std::unique_ptr<UploadStore>> Open(const std::filesystem::path& directory,
                                                   BlobLimits limits = {});

  // RESOURCE_EXHAUSTED beyond the quota; ABORTED while the same client sends the same bytes on
  // another stream.
  Result<std::unique_ptr<Upload>> Begin(const UploadKey& key);

  bool Contains(const RunId& run, int64_t sequence, const Digest& digest) const;
  // NOT_FOUND, or DATA_LOSS if the bytes are no longer those of the digest.
  Result<std::shared_ptr<const Blob>> Read(const RunId& run, int64_t sequence,
                                           const Digest& digest) const;
  // Everything that was sent for stages of the run before that sequence number.
  Status DiscardBefore(const RunId& run, int64_t sequence);
  // Everything that was sent for that stage, but these.
  Status DiscardAllBut(const RunId& run, int64_t sequence, const std::set<Digest>& kept);

  int64_t total_bytes() const { return total_; }

 private:
  friend class Upload;
  UploadStore(std::filesystem::path directory, BlobLimits limits)
      : directory_(std::move(directory)), limits_(limits) {}
  std::filesystem::path StageOf(const RunId& run, int64_t sequence) const;
  std::filesystem::path WholeOf(const UploadKey& key) const;
  std::filesystem::path PartOf(const UploadKey& key) const;

  const std::filesystem::path directory_;
  const BlobLimits limits_;
  std::atomic<int64_t> total_{0};
  std::mutex mutex_;
  std::set<std::filesystem::path> under_way_;
};

}  // namespace tributary::store
