#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "aggregation/base/file.h"
#include "coordinator/store/blob_index.h"
#include "coordinator/store/blob_store.h"
#include "coordinator/store/file_lock.h"

namespace tributary::store {
namespace {

class DiskBlob : public Blob {
 public:
  explicit DiskBlob(MappedFile file) : file_(std::move(file)) {}
  std::span<const std::byte> bytes() const override { return file_.bytes(); }

 private:
  MappedFile file_;
};

class DiskBlobStore : public BlobStore {
 public:
  DiskBlobStore(std::filesystem::path directory, FileLock lock, BlobLimits limits)
      : directory_(std::move(directory)), lock_(std::move(lock)), index_(limits) {}
  Status Scan();

  Result<Digest> Put(std::span<const std::byte> bytes) override;
  Result<std::shared_ptr<const Blob>> Open(const Digest& digest) const override;
  Status Delete(const Digest& digest) override;
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
  std::filesystem::path PathOf(const Digest& digest) const { return directory_ / digest.Hex(); }

  const std::filesystem::path directory_;
  const FileLock lock_;
  mutable std::mutex mutex_;  // guards the index, not the files
  BlobIndex index_;
};

Status DiskBlobStore::Scan() {
  std::error_code error;
  std::filesystem::directory_iterator entry(directory_, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(".tmp") && ::unlink(entry->path().c_str()) != 0)
      return SystemError(entry->path(), "remove");
    const auto digest = Digest::FromHex(name);
    if (digest) index_.Add(*digest, static_cast<int64_t>(entry->file_size(error)));
    if (error) break;
  }
  if (error) return SystemError(directory_, "list", error.value());
  return {};
}

Result<Digest> DiskBlobStore::Put(std::span<const std::byte> bytes) {
  const Digest digest = Sha256(bytes);
  const int64_t size = static_cast<int64_t>(bytes.size());
  if (Contains(digest) && Open(digest)) {  // whole, but perhaps its name is not durable yet
    RETURN_IF_ERROR(SyncDirectory(directory_));
    return digest;
  }
  {
    const std::scoped_lock lock(mutex_);
    RETURN_IF_ERROR(index_.Reserve(directory_.string(), size));
  }
  const Status written =
      WriteFile(PathOf(digest), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const std::scoped_lock lock(mutex_);
  index_.Release(size);
  RETURN_IF_ERROR(written);
  index_.Remove(digest);  // a damaged copy may have had another size
  index_.Add(digest, size);
  return digest;
}

Result<std::shared_ptr<const Blob>> DiskBlobStore::Open(const Digest& digest) const {
  return OpenBlobFile(PathOf(digest), digest);
}

Status DiskBlobStore::Delete(const Digest& digest) {
  if (::unlink(PathOf(digest).c_str()) != 0 && errno != ENOENT)
    return SystemError(PathOf(digest), "remove");
  const std::scoped_lock lock(mutex_);
  index_.Remove(digest);
  return {};
}

}  // namespace

Result<std::shared_ptr<const Blob>> OpenBlobFile(const std::filesystem::path& path,
                                                 const Digest& digest) {
  ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  const Digest found = Sha256(file.bytes());
  if (found != digest)
    return MakeError(Code::kDataLoss, "{}: is damaged: its {} bytes have SHA-256 {}", path.string(),
                     file.bytes().size(), found.Hex());
  return std::make_shared<const DiskBlob>(std::move(file));
}

Result<std::unique_ptr<BlobStore>> OpenDiskBlobStore(const std::filesystem::path& directory,
                                                     BlobLimits limits) {
  RETURN_IF_ERROR(MakeDirectories(directory));
  ASSIGN_OR_RETURN(FileLock lock, FileLock::Take(directory / "lock", directory));
  auto store = std::make_unique<DiskBlobStore>(directory, std::move(lock), limits);
  RETURN_IF_ERROR(store->Scan());
  return std::unique_ptr<BlobStore>(std::move(store));
}

}  // namespace tributary::store
