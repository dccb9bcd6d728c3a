#include "coordinator/store/write_ahead_log.h"

#include <string_view>

#include "aggregation/base/file.h"

namespace tributary::store {
namespace {

constexpr size_t kHeader = 32;       // magic, version, page size, sequence, salts, checksums
constexpr size_t kFrameHeader = 24;  // page number, size after commit, salts, checksums
constexpr size_t kSaltsInHeader = 16, kSaltsInFrame = 8, kSalts = 8;

uint32_t BigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

Result<int64_t> FramesInLog(const std::filesystem::path& log) {
  const auto file = MappedFile::Open(log);
  if (!file && file.error().code == Code::kNotFound) return 0;
  if (!file) return tl::unexpected<Error>(file.error());
  const std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()),
                               file->bytes().size());
  if (bytes.size() < kHeader) return 0;
  const size_t page = BigEndian(bytes.substr(8));
  if (page < 512 || page > 65536) return 0;
  const std::string_view salts = bytes.substr(kSaltsInHeader, kSalts);
  int64_t frames = 0;
  for (size_t at = kHeader; at + kFrameHeader <= bytes.size(); at += kFrameHeader + page)
    if (bytes.substr(at + kSaltsInFrame, kSalts) == salts) ++frames;
  return frames;
}

}  // namespace tributary::store
