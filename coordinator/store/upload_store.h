#pragma once
// What clients send, spooled in files until the stage it was sent for is over: resumed where it
// stopped, verified before it counts, mapped when it is read.
//   DIRECTORY/RUN/SEQUENCE/CLIENT/DIGEST       an upload that is whole
//   DIRECTORY/RUN/SEQUENCE/CLIENT/DIGEST.part  one under way
// A client has one under way for a stage, and few that are whole: one that was offered stays, since
// it may count. Names of runs and clients have been checked (aggregation/base/name.h). Any thread
// may call the store.

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
  Status CheckRoom(int64_t bytes) const;
  std::filesystem::path Part() const;
  void BeginToSync();

  UploadStore& store_;
  const UploadKey key_;
  std::filesystem::path directory_;  // what is under way in it is this upload alone
  int fd_ = -1;
  int64_t offset_ = 0;
  int64_t syncing_ = 0;  // bytes that the disk was asked to take
  bool is_whole_ = false, is_registered_ = false;
  Hasher hasher_;
};

inline constexpr int kMostWhole = 4;  // uploads of one client for one stage

class UploadStore {
 public:
  // Makes the directory where it is missing.
  static Result<std::unique_ptr<UploadStore>> Open(const std::filesystem::path& directory,
                                                   BlobLimits limits = {});

  // RESOURCE_EXHAUSTED where it does not fit into the quota; ABORTED while the same client sends
  // another upload for the stage; ALREADY_EXISTS when it has sent kMostWhole others. What it began
  // to send for it, other bytes, is dropped.
  Result<std::unique_ptr<Upload>> Begin(const UploadKey& key);

  bool Contains(const RunId& run, int64_t sequence, const ClientId& client,
                const Digest& digest) const;
  // What that client has sent. NOT_FOUND, or DATA_LOSS if the bytes are no longer those of the
  // digest.
  Result<std::shared_ptr<const Blob>> Read(const RunId& run, int64_t sequence,
                                           const ClientId& client, const Digest& digest) const;
  // Everything that was sent for stages of the run before that sequence number.
  Status DiscardBefore(const RunId& run, int64_t sequence);
  // Everything that was sent for that stage, but these.
  Status DiscardAllBut(const RunId& run, int64_t sequence, const std::set<Digest>& kept);
  // Everything that this client sent for that stage.
  Status DiscardOf(const RunId& run, int64_t sequence, const ClientId& client);

  // Of open stages: what is kept of older ones has no quota.
  int64_t total_bytes() const { return total_; }

 private:
  friend class Upload;
  UploadStore(std::filesystem::path directory, BlobLimits limits)
      : directory_(std::move(directory)), limits_(limits) {}
  std::filesystem::path StageOf(const RunId& run, int64_t sequence) const;
  std::filesystem::path FileOf(const RunId& run, int64_t sequence, const ClientId& client,
                               const Digest& digest) const;
  Status MakeWay(const std::filesystem::path& directory, const Digest& digest);

  const std::filesystem::path directory_;
  const BlobLimits limits_;
  std::atomic<int64_t> total_{0};
  std::mutex mutex_;
  std::set<std::filesystem::path> under_way_;
};

}  // namespace tributary::store
