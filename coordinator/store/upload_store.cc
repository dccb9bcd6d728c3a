#include "coordinator/store/upload_store.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "aggregation/base/file.h"
#include "aggregation/base/name.h"

namespace tributary::store {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSyncEvery = int64_t{8} << 20;

std::optional<int64_t> SequenceOf(const fs::path& stage) {
  const std::string name = stage.filename().string();
  int64_t number = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (fault != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

// Of the newest stage of each run: what is kept of older ones is nobody's to fill up.
int64_t BytesOfOpenStages(const fs::path& directory) {
  int64_t bytes = 0;
  for (const fs::path& run : PathsIn(directory)) {
    std::optional<int64_t> newest;
    for (const fs::path& stage : PathsIn(run)) newest = std::max(newest, SequenceOf(stage));
    if (newest) bytes += BytesBelow(run / std::to_string(*newest));
  }
  return bytes;
}

// What a client may be told of our disk: no path, and that it is not its fault.
tl::unexpected<Error> SpoolError(std::string_view doing, int number = errno) {
  const Code code =
      number == ENOSPC || number == EDQUOT ? Code::kResourceExhausted : Code::kUnavailable;
  return MakeError(code, "uploads: {}: {}", doing, std::strerror(number));
}

}  // namespace

// --- one upload ---

Upload::~Upload() {
  if (fd_ >= 0) ::close(fd_);
  if (!is_registered_) return;
  const std::scoped_lock lock(store_.mutex_);
  store_.under_way_.erase(directory_);
}

Status Upload::Open() {
  directory_ = store_.StageOf(key_.run, key_.sequence) / key_.client.value;
  {
    const std::scoped_lock lock(store_.mutex_);
    if (!store_.under_way_.insert(directory_).second)
      return MakeError(Code::kAborted, "{}: an upload for this stage is under way",
                       key_.client.value);
    is_registered_ = true;
  }
  std::error_code error;
  const bool is_first = !fs::exists(directory_.parent_path(), error);
  if (Status made = MakeDirectories(directory_); !made)
    return MakeError(Code::kUnavailable, "uploads: no place can be made");
  if (is_first) store_.total_ = BytesOfOpenStages(store_.directory_);
  RETURN_IF_ERROR(store_.MakeWay(directory_, key_.digest));
  if (fs::is_regular_file(directory_ / key_.digest.Hex(), error)) {
    is_whole_ = true;
    offset_ = key_.size;
    return {};
  }
  const fs::path part = Part();
  fd_ = ::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) return SpoolError("open");
  RETURN_IF_ERROR(HashWhatIsThere());
  return CheckRoom(key_.size - offset_);
}

Status Upload::CheckRoom(int64_t bytes) const {
  if (store_.total_ + bytes <= store_.limits_.quota) return {};
  return MakeError(Code::kResourceExhausted, "no room for {} bytes: the quota of uploads is {}",
                   bytes, store_.limits_.quota);
}

fs::path Upload::Part() const { return directory_ / (key_.digest.Hex() + ".part"); }

Status Upload::HashWhatIsThere() {
  const fs::path part = Part();
  std::vector<std::byte> buffer(size_t{1} << 20);
  for (;;) {
    const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
    if (got < 0) return SpoolError("read");
    if (got == 0) break;
    hasher_.Update(std::span(buffer).first(static_cast<size_t>(got)));
    offset_ += got;
  }
  if (offset_ <= key_.size) return {};
  if (::ftruncate(fd_, 0) != 0 || ::lseek(fd_, 0, SEEK_SET) != 0) return SpoolError("empty");
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
  RETURN_IF_ERROR(CheckRoom(size));
  for (size_t first = 0; first < rest.size();) {
    const auto count = static_cast<int>(std::min<size_t>(rest.size() - first, IOV_MAX));
    ssize_t put = ::writev(fd_, &rest[first], count);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return SpoolError("write");
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
  const fs::path part = Part(), whole = directory_ / key_.digest.Hex();
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
  if (::fdatasync(fd_) != 0) return SpoolError("sync");
  if (::rename(part.c_str(), whole.c_str()) != 0) return SpoolError("rename");
  is_whole_ = true;
  if (!SyncDirectory(directory_)) return SpoolError("sync");
  return {};
}

// --- the store ---

Result<std::unique_ptr<UploadStore>> UploadStore::Open(const fs::path& directory,
                                                       BlobLimits limits) {
  RETURN_IF_ERROR(MakeDirectories(directory));
  auto store = std::unique_ptr<UploadStore>(new UploadStore(directory, limits));
  store->total_ = BytesOfOpenStages(directory);
  return store;
}

fs::path UploadStore::StageOf(const RunId& run, int64_t sequence) const {
  return directory_ / run.value / fmt::format("{}", sequence);
}
fs::path UploadStore::FileOf(const RunId& run, int64_t sequence, const ClientId& client,
                             const Digest& digest) const {
  return StageOf(run, sequence) / client.value / digest.Hex();
}

Status UploadStore::MakeWay(const fs::path& directory, const Digest& digest) {
  int whole = 0;
  for (const fs::path& path : PathsIn(directory)) {
    if (path.filename().string().starts_with(digest.Hex())) continue;
    if (path.extension() != ".part") {
      ++whole;
      continue;
    }
    std::error_code failed;
    const auto size = fs::file_size(path, failed);
    if (!failed) total_ -= static_cast<int64_t>(size);
    fs::remove(path, failed);
    if (failed) return SpoolError("remove", failed.value());
  }
  if (whole < kMostWhole) return {};
  return MakeError(Code::kAlreadyExists, "{} other updates were sent for this stage", whole);
}

Result<std::unique_ptr<Upload>> UploadStore::Begin(const UploadKey& key) {
  RETURN_IF_ERROR(tributary::CheckName("run", key.run.value));
  RETURN_IF_ERROR(tributary::CheckName("client", key.client.value));
  auto upload = std::unique_ptr<Upload>(new Upload(*this, key));
  RETURN_IF_ERROR(upload->Open());
  return upload;
}

bool UploadStore::Contains(const RunId& run, int64_t sequence, const ClientId& client,
                           const Digest& digest) const {
  std::error_code error;
  return fs::is_regular_file(FileOf(run, sequence, client, digest), error);
}

Result<std::shared_ptr<const Blob>> UploadStore::Read(const RunId& run, int64_t sequence,
                                                      const ClientId& client,
                                                      const Digest& digest) const {
  return OpenBlobFile(FileOf(run, sequence, client, digest), digest);
}

Status UploadStore::DiscardBefore(const RunId& run, int64_t sequence) {
  for (const fs::path& stage : PathsIn(directory_ / run.value)) {
    const std::optional<int64_t> number = SequenceOf(stage);
    if (!number || *number >= sequence) continue;
    std::error_code failed;
    fs::remove_all(stage, failed);
    if (failed) return SystemError(stage, "remove", failed.value());
  }
  // Counted anew: a stream that still writes to what is gone would be counted for ever.
  total_ = BytesOfOpenStages(directory_);
  return {};
}

Status UploadStore::DiscardOf(const RunId& run, int64_t sequence, const ClientId& client) {
  std::error_code failed;
  const fs::path of_client = StageOf(run, sequence) / client.value;
  fs::remove_all(of_client, failed);
  if (failed) return SystemError(of_client, "remove", failed.value());
  total_ = BytesOfOpenStages(directory_);
  return {};
}

Status UploadStore::DiscardAllBut(const RunId& run, int64_t sequence,
                                  const std::set<Digest>& kept) {
  for (const fs::path& of_client : PathsIn(StageOf(run, sequence)))
    for (const fs::path& file : PathsIn(of_client)) {
      const auto digest = Digest::FromHex(file.filename().string());
      if (digest && kept.contains(*digest)) continue;
      std::error_code failed;
      fs::remove(file, failed);
      if (failed) return SystemError(file, "remove", failed.value());
    }
  total_ = BytesOfOpenStages(directory_);
  return {};
}

}  // namespace tributary::store
