#include "coordinator/store/upload_store.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "aggregation/base/file.h"
#include "aggregation/base/name.h"

namespace tributary::store {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSyncEvery = int64_t{8} << 20;

int64_t BytesBelow(const fs::path& directory) {
  std::error_code error;
  int64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error))
    if (entry.is_regular_file(error)) bytes += static_cast<int64_t>(entry.file_size(error));
  return bytes;
}

}  // namespace

// --- one upload ---

Upload::~Upload() {
  if (fd_ >= 0) ::close(fd_);
  if (!is_registered_) return;
  const std::scoped_lock lock(store_.mutex_);
  store_.under_way_.erase(store_.PartOf(key_));
}

Status Upload::Open() {
  const fs::path part = store_.PartOf(key_);
  {
    const std::scoped_lock lock(store_.mutex_);
    if (!store_.under_way_.insert(part).second)
      return MakeError(Code::kAborted, "{}: the same upload is under way on another stream",
                       key_.client.value);
    is_registered_ = true;
  }
  if (store_.Contains(key_.run, key_.sequence, key_.digest)) {
    is_whole_ = true;
    offset_ = key_.size;
    return {};
  }
  RETURN_IF_ERROR(MakeDirectories(part.parent_path()));
  fd_ = ::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) return SystemError(part, "open");
  return HashWhatIsThere();
}

Status Upload::HashWhatIsThere() {
  const fs::path part = store_.PartOf(key_);
  std::vector<std::byte> buffer(size_t{1} << 20);
  for (;;) {
    const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
    if (got < 0) return SystemError(part, "read");
    if (got == 0) break;
    hasher_.Update(std::span(buffer).first(static_cast<size_t>(got)));
    offset_ += got;
  }
  if (offset_ <= key_.size) return {};
  if (::ftruncate(fd_, 0) != 0 || ::lseek(fd_, 0, SEEK_SET) != 0) return SystemError(part, "empty");
  store_.total_ -= offset_;
  offset_ = 0;
  hasher_ = Hasher();
  return {};
}

Status Upload::Write(Parts parts) {
  int64_t size = 0;
  std::vector<iovec> rest;
  for (const auto part : parts) {
    size += static_cast<int64_t>(part.size());
    if (!part.empty()) rest.push_back({const_cast<std::byte*>(part.data()), part.size()});
  }
  if (size > key_.size - offset_)
    return InvalidArgument("an upload of {} bytes was declared with {}", offset_ + size, key_.size);
  if (store_.total_ + size > store_.limits_.quota)
    return MakeError(Code::kResourceExhausted, "the quota of {} bytes for uploads is used up",
                     store_.limits_.quota);
  for (size_t first = 0; first < rest.size();) {
    const auto count = static_cast<int>(std::min<size_t>(rest.size() - first, IOV_MAX));
    ssize_t put = ::writev(fd_, &rest[first], count);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SystemError(store_.PartOf(key_), "write");
    offset_ += put;
    store_.total_ += put;
    while (put > 0) {
      iovec& part = rest[first];
      const size_t done = std::min(part.iov_len, static_cast<size_t>(put));
      hasher_.Update(std::span(static_cast<const std::byte*>(part.iov_base), done));
      part = {static_cast<std::byte*>(part.iov_base) + done, part.iov_len - done};
      first += part.iov_len == 0 ? 1 : 0;
      put -= static_cast<ssize_t>(done);
    }
  }
  BeginToSync();
  return {};
}

// So that little is left to wait for at the end.
void Upload::BeginToSync() {
  if (offset_ - syncing_ < kSyncEvery) return;
  ::sync_file_range(fd_, syncing_, offset_ - syncing_, SYNC_FILE_RANGE_WRITE);
  syncing_ = offset_;
}

Status Upload::Commit() {
  if (is_whole_) return {};
  const fs::path part = store_.PartOf(key_), whole = store_.WholeOf(key_);
  if (offset_ != key_.size)
    return InvalidArgument("an upload of {} bytes was declared with {}", offset_, key_.size);
  const Digest found = hasher_.Finish();
  if (found != key_.digest) {
    ::unlink(part.c_str());
    store_.total_ -= offset_;
    offset_ = 0;
    return MakeError(Code::kAborted, "the bytes have SHA-256 {}, declared was {}", found.Hex(),
                     key_.digest.Hex());
  }
  if (::fdatasync(fd_) != 0) return SystemError(part, "sync");
  if (::rename(part.c_str(), whole.c_str()) != 0) return SystemError(part, "rename");
  is_whole_ = true;
  return SyncDirectory(whole.parent_path());
}

// --- the store ---

Result<std::unique_ptr<UploadStore>> UploadStore::Open(const fs::path& directory,
                                                       BlobLimits limits) {
  RETURN_IF_ERROR(MakeDirectories(directory));
  auto store = std::unique_ptr<UploadStore>(new UploadStore(directory, limits));
  store->total_ = BytesBelow(directory);
  return store;
}

fs::path UploadStore::StageOf(const RunId& run, int64_t sequence) const {
  return directory_ / run.value / fmt::format("{}", sequence);
}
fs::path UploadStore::WholeOf(const UploadKey& key) const {
  return StageOf(key.run, key.sequence) / key.digest.Hex();
}
fs::path UploadStore::PartOf(const UploadKey& key) const {
  return StageOf(key.run, key.sequence) /
         fmt::format("{}.{}.part", key.digest.Hex(), key.client.value);
}

Result<std::unique_ptr<Upload>> UploadStore::Begin(const UploadKey& key) {
  RETURN_IF_ERROR(tributary::CheckName("run", key.run.value));
  RETURN_IF_ERROR(tributary::CheckName("client", key.client.value));
  auto upload = std::unique_ptr<Upload>(new Upload(*this, key));
  RETURN_IF_ERROR(upload->Open());
  return upload;
}

bool UploadStore::Contains(const RunId& run, int64_t sequence, const Digest& digest) const {
  std::error_code error;
  return fs::is_regular_file(StageOf(run, sequence) / digest.Hex(), error);
}

Result<std::shared_ptr<const Blob>> UploadStore::Read(const RunId& run, int64_t sequence,
                                                      const Digest& digest) const {
  return OpenBlobFile(StageOf(run, sequence) / digest.Hex(), digest);
}

Status UploadStore::DiscardBefore(const RunId& run, int64_t sequence) {
  std::error_code error;
  const fs::path of_run = directory_ / run.value;
  for (const auto& entry : fs::directory_iterator(of_run, error)) {
    const std::string name = entry.path().filename().string();
    int64_t number = 0;
    const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (fault != std::errc() || end != name.data() + name.size() || number >= sequence) continue;
    total_ -= BytesBelow(entry.path());
    std::error_code failed;
    fs::remove_all(entry.path(), failed);
    if (failed) return SystemError(entry.path(), "remove", failed.value());
  }
  return {};
}

Status UploadStore::DiscardAllBut(const RunId& run, int64_t sequence,
                                  const std::set<Digest>& kept) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(StageOf(run, sequence), error)) {
    const auto digest = Digest::FromHex(entry.path().filename().string());
    if (digest && kept.contains(*digest)) continue;
    total_ -= BytesBelow(entry.path());
    std::error_code failed;
    fs::remove(entry.path(), failed);
    if (failed) return SystemError(entry.path(), "remove", failed.value());
  }
  return {};
}

}  // namespace tributary::store
