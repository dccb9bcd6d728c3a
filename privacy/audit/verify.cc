#include "privacy/audit/verify.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "aggregation/base/file.h"
#include "aggregation/base/json.h"

namespace tributary::audit {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxSegment = size_t{1} << 30;

// Lines one after another, over segments.
class Walk {
 public:
  // `kept` is what the directory's head.json says; `start` may be unknown.
  Walk(std::optional<Head> start, Head kept) : head_(start), kept_(kept) {
    if (head_) verified_.before = *head_;
  }

  Status Segment(const fs::path& file, bool is_last) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxSegment));
    ++verified_.segments;
    size_t at = 0;
    for (int64_t number = 1; at < text.size(); ++number) {
      const size_t end = text.find('\n', at);
      if (end == std::string::npos) break;
      const auto line = std::string_view(text).substr(at, end - at);
      if (Status fits = Line(line); !fits)
        return Annotate(fits.error(), fmt::format("{}:{}", file.string(), number));
      at = end + 1;
    }
    if (at == text.size()) return {};
    if (!is_last)
      return MakeError(Code::kDataLoss, "{}: its last line is cut, and there is a later segment",
                       file.string());
    verified_.torn_bytes = static_cast<int64_t>(text.size() - at);
    return {};
  }

  Result<Verified> Finish(const fs::path& path) {
    if (head_) verified_.head = *head_;
    if (verified_.head.seq < kept_.seq)
      return MakeError(Code::kDataLoss,
                       "{}: ends with seq {}, but {} says that seq {} was written: the end was cut",
                       path.string(), verified_.head.seq, HeadFile(path).string(), kept_.seq);
    return verified_;
  }

 private:
  Status Line(std::string_view line) {
    if (!head_) {
      ASSIGN_OR_RETURN(verified_.before, HeadBefore(line));
      head_ = verified_.before;
    }
    RETURN_IF_ERROR(CheckLine(line, &*head_));
    ++verified_.lines;
    if (head_->seq == kept_.seq && *head_ != kept_)
      return MakeError(Code::kDataLoss, "seq {} has hash {}, but {} was written: it was replaced",
                       kept_.seq, head_->hash.Hex(), kept_.hash.Hex());
    return {};
  }

  std::optional<Head> head_;
  const Head kept_;
  Verified verified_;
};

bool IsSegment(const std::string& name) {
  return name.starts_with("segment-") && name.ends_with(".jsonl");
}

// In order; one that is missing is an error.
Result<std::vector<fs::path>> SegmentsOf(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (IsSegment(entry.path().filename())) found.push_back(entry.path());
  if (error) return SystemError(directory, "list", error.value());
  std::sort(found.begin(), found.end());
  for (size_t i = 0; i < found.size(); ++i) {
    const fs::path expected = SegmentFile(directory, static_cast<int64_t>(i) + 1);
    if (found[i] != expected)
      return MakeError(Code::kDataLoss, "{}: is missing; the next segment is {}", expected.string(),
                       found[i].filename().string());
  }
  return found;
}

Result<Head> ReadHead(const fs::path& directory) {
  const fs::path file = HeadFile(directory);
  const auto text = ReadFile(file, 4096);
  if (!text && text.error().code == Code::kNotFound) return Head();
  if (!text) return tl::unexpected<Error>(text.error());
  const auto json = ParseJson(*text);
  const auto hash = json.is_object() && json.contains("hash") && json["hash"].is_string()
                        ? Digest::FromHex(json["hash"].get<std::string>())
                        : Result<Digest>(InvalidArgument("no hash"));
  if (!hash || !json.contains("seq") || !json["seq"].is_number_integer())
    return MakeError(Code::kDataLoss, "{}: holds no seq and hash", file.string());
  return Head{json["seq"].get<int64_t>(), *hash};
}

Result<Verified> WalkAll(const fs::path& directory, const std::vector<fs::path>& segments,
                         std::optional<Head> start, const Head& kept) {
  Walk walk(start, kept);
  for (size_t i = 0; i < segments.size(); ++i)
    RETURN_IF_ERROR(walk.Segment(segments[i], i + 1 == segments.size()));
  return walk.Finish(directory);
}

}  // namespace

fs::path SegmentFile(const fs::path& directory, int64_t number) {
  return directory / fmt::format("segment-{:06}.jsonl", number);
}
fs::path HeadFile(const fs::path& directory) { return directory / "head.json"; }
std::string HeadText(const Head& head) {
  return DumpJson(nlohmann::json{{"seq", head.seq}, {"hash", head.hash.Hex()}}) + "\n";
}

Result<Verified> Verify(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    Walk walk(std::nullopt, {});
    RETURN_IF_ERROR(walk.Segment(path, true));
    return walk.Finish(path);
  }
  // Read first: who still writes adds the line before the head.
  ASSIGN_OR_RETURN(const Head kept, ReadHead(path));
  ASSIGN_OR_RETURN(const std::vector<fs::path> segments, SegmentsOf(path));
  if (segments.empty() && kept.seq == 0)
    return MakeError(Code::kNotFound, "{}: holds no segment-000001.jsonl", path.string());
  return WalkAll(path, segments, Head(), kept);
}

Result<Verified> VerifyTail(const fs::path& directory) {
  ASSIGN_OR_RETURN(const Head kept, ReadHead(directory));
  ASSIGN_OR_RETURN(std::vector<fs::path> segments, SegmentsOf(directory));
  const auto count = static_cast<int64_t>(segments.size());
  // The last one may be new and empty.
  const size_t skipped = segments.size() - std::min<size_t>(segments.size(), 2);
  segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(skipped));
  ASSIGN_OR_RETURN(
      Verified verified,
      WalkAll(directory, segments, skipped == 0 ? std::optional(Head()) : std::nullopt, kept));
  verified.segments = count;
  return verified;
}

}  // namespace tributary::audit
