#include "client/data/lines.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace tributary::data {
namespace {

using namespace std::string_view_literals;

constexpr size_t kBlockBytes = 1 << 16;

struct Magic {
  std::string_view bytes, what;
};
constexpr Magic kForeign[] = {
    {"\x1f\x8b"sv, "gzip data"},
    {"PK\x03\x04"sv, "a zip archive (or a spreadsheet)"},
    {"\x28\xb5\x2f\xfd"sv, "Zstandard data"},
    {"\xfd\x37zXZ"sv, "xz data"},
    {"BZh"sv, "bzip2 data"},
    {"PAR1"sv, "a Parquet file"},
    {"ARROW1"sv, "an Arrow file"},
    {"SQLite format 3"sv, "an SQLite database"},
    {"%PDF-"sv, "a PDF document"},
    {"\xff\xfe"sv, "UTF-16 text"},
    {"\xfe\xff"sv, "UTF-16 text"},
};

// What the first block shows the file to be, or nothing if it may be text.
std::string_view Foreign(std::string_view head) {
  for (const Magic& magic : kForeign) {
    if (head.substr(0, magic.bytes.size()) == magic.bytes) return magic.what;
  }
  return head.find('\0') == std::string_view::npos ? "" : "binary data";
}

}  // namespace

Result<std::unique_ptr<std::istream>> OpenText(const std::string& path) {
  std::error_code error;
  const auto facts = std::filesystem::status(path, error);
  if (facts.type() == std::filesystem::file_type::not_found)
    return MakeError(Code::kNotFound, "{}: no such file", path);
  if (error)
    return MakeError(Code::kUnavailable, "{}: cannot look at it: {}", path, error.message());
  if (std::filesystem::is_directory(facts))
    return InvalidArgument("{}: is a directory, expected a file", path);
  errno = 0;
  auto stream = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!stream->is_open()) {
    const Code code = errno == EACCES ? Code::kPermissionDenied : Code::kUnavailable;
    return MakeError(code, "{}: cannot open: {}", path, std::strerror(errno));
  }
  return stream;
}

Result<LineReader> LineReader::Open(std::unique_ptr<std::istream> stream, std::string name,
                                    size_t max_line_bytes) {
  LineReader reader;
  reader.stream_ = std::move(stream);
  reader.name_ = std::move(name);
  reader.max_line_bytes_ = max_line_bytes;
  reader.block_.resize(kBlockBytes);
  RETURN_IF_ERROR(reader.Fill());
  const std::string_view head(reader.block_.data(), reader.end_);
  if (const std::string_view what = Foreign(head); !what.empty())
    return InvalidArgument("{}: is {}, expected UTF-8 text", reader.name_, what);
  if (head.substr(0, 3) == "\xEF\xBB\xBF") reader.begin_ = 3;
  return reader;
}

Status LineReader::Fill() {
  stream_->read(block_.data(), static_cast<std::streamsize>(block_.size()));
  begin_ = 0;
  end_ = static_cast<size_t>(stream_->gcount());
  if (stream_->bad())
    return MakeError(Code::kUnavailable, "{}: cannot read line {}", name_, line_ + 1);
  finished_ = end_ < block_.size();
  return {};
}

Result<bool> LineReader::Append(std::string* out) {
  overlong_ = false;
  bool any = false;
  for (size_t taken = 0;;) {
    if (begin_ == end_) {
      if (finished_) break;
      RETURN_IF_ERROR(Fill());
      continue;
    }
    const std::string_view rest(block_.data() + begin_, end_ - begin_);
    const size_t newline = rest.find('\n');
    const std::string_view piece = rest.substr(0, newline == rest.npos ? newline : newline + 1);
    const size_t kept = std::min(piece.size(), max_line_bytes_ - taken);
    out->append(piece.substr(0, kept));
    taken += kept;
    overlong_ = overlong_ || kept < piece.size();
    begin_ += piece.size();
    any = true;
    if (newline != rest.npos) break;
  }
  line_ += any;
  return any;
}

}  // namespace tributary::data
