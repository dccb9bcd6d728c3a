#include "client/data/split.h"

#include <algorithm>
#include <map>
#include <set>

#include "aggregation/base/digest.h"
#include "aggregation/base/file.h"
#include "client/data/dataset.h"

namespace tributary::data {
namespace {

constexpr size_t kMaxStem = 80;

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct ClientRecords {
  std::string bytes;
  int64_t rows = 0;
};
using ByClient = std::map<std::string, ClientRecords>;

Result<ByClient> Collect(RecordReader* reader, const Limits& limits, BadRecords* bad) {
  ByClient clients;
  int64_t bytes = 0;
  for (Record record;;) {
    ASSIGN_OR_RETURN(const bool more, reader->Next(&record));
    if (!more) return clients;
    bad->Count(record);
    if (!record.fault.empty()) continue;
    bytes += static_cast<int64_t>(record.raw.size());
    if (bytes > limits.text_bytes || bad->records() > limits.rows)
      return MakeError(Code::kResourceExhausted, "{}: more than {} rows or {} bytes",
                       reader->name(), limits.rows, limits.text_bytes);
    if (!record.raw.ends_with('\n')) record.raw += '\n';
    ClientRecords& own = clients[record.cells[0]];
    own.bytes += record.raw;
    ++own.rows;
  }
}

Status MakeEmptyDirectory(const std::filesystem::path& directory) {
  RETURN_IF_ERROR(MakeDirectories(directory));
  std::error_code error;
  const bool empty = std::filesystem::is_empty(directory, error);
  if (error)
    return MakeError(Code::kUnavailable, "{}: cannot be listed: {}", directory.string(),
                     error.message());
  if (!empty)
    return MakeError(Code::kAlreadyExists, "{}: is not empty, expected a new directory",
                     directory.string());
  return {};
}

}  // namespace

std::string SafeFileName(std::string_view client) {
  std::string stem;
  for (const char c : client.substr(0, kMaxStem)) {
    const bool kept = IsAlphanumeric(c) || (!stem.empty() && (c == '.' || c == '-'));
    stem += kept ? c : '_';
  }
  if (stem == client && !client.empty()) return stem;
  return fmt::format("{}-{}", stem, Sha256(client).Hex().substr(0, 8));
}

Result<SplitResult> SplitByClient(const std::filesystem::path& table, const std::string& client,
                                  const std::filesystem::path& directory,
                                  const TableOptions& options) {
  const std::vector<Column> columns = {
      {.name = client, .min_bytes = 1, .max_bytes = kMaxNameBytes}};
  ASSIGN_OR_RETURN(auto reader, RecordReader::Open(table, options.format, columns, options.limits));
  SplitResult result;
  ASSIGN_OR_RETURN(const ByClient clients, Collect(&reader, options.limits, &result.bad));
  RETURN_IF_ERROR(result.bad.Check(reader.name(), options.max_bad_share));
  RETURN_IF_ERROR(MakeEmptyDirectory(directory));
  std::string header = reader.header();
  if (!header.empty() && !header.ends_with('\n')) header += '\n';
  std::set<std::string> taken;
  for (const auto& [name, own] : clients) {
    std::string stem = SafeFileName(name);
    if (!taken.insert(stem).second) {
      // Only a name made for the purpose gets here: all of its digest sets it apart.
      stem += "-" + Sha256(name).Hex();
      taken.insert(stem);
    }
    const std::string file = fmt::format("{}.{}", stem, FormatName(reader.format()));
    RETURN_IF_ERROR(WriteFile(directory / file, header + own.bytes));
    result.files.push_back({.client = name, .file = file, .rows = own.rows});
  }
  return result;
}

}  // namespace tributary::data
