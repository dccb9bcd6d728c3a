#include "coordinator/store/acknowledged.h"

#include <unistd.h>

#include <charconv>

#include "aggregation/base/digest.h"

namespace tributary::store {
namespace {

constexpr size_t kSize =
    512;  // one sector, written at once, so that a full disk cannot refuse it later
constexpr size_t kDigest = 64;

// "commits records run-name", spaces, and the digest of all that.
std::string Encode(const Acknowledged& acknowledged) {
  std::string text =
      fmt::format("{} {} {}\n", acknowledged.commits, acknowledged.records, acknowledged.run);
  text.resize(kSize - kDigest, ' ');
  return text + Sha256(text).Hex();
}

std::optional<int64_t> TakeNumber(std::string_view* text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end == text->data() + text->size() || *end != ' ')
    return std::nullopt;
  text->remove_prefix(static_cast<size_t>(end - text->data()) + 1);
  return value;
}

}  // namespace

std::optional<Acknowledged> ReadAcknowledged(const FileLock& file) {
  std::string content(kSize, '\0');
  if (::pread(file.fd(), content.data(), kSize, 0) != static_cast<ssize_t>(kSize))
    return std::nullopt;
  std::string_view text(content.data(), kSize - kDigest);
  if (Sha256(text).Hex() != content.substr(kSize - kDigest)) return std::nullopt;
  const auto commits = TakeNumber(&text);
  const auto records = TakeNumber(&text);
  if (!commits || !records) return std::nullopt;
  return Acknowledged{*commits, std::string(text.substr(0, text.find('\n'))), *records};
}

void WriteAcknowledged(const FileLock& file, const Acknowledged& acknowledged) {
  const std::string content = Encode(acknowledged);
  if (::pwrite(file.fd(), content.data(), content.size(), 0) < 0) return;
}

}  // namespace tributary::store
