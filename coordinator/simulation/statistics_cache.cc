#include "coordinator/simulation/statistics_cache.h"

#include "aggregation/base/file.h"
#include "aggregation/base/version.h"
#include "aggregation/tensor/safetensors.h"

namespace tributary::simulation {
namespace {

template <typename Value>
std::string_view Bytes(std::span<const Value> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

StatisticsCache::StatisticsCache(std::filesystem::path folder, const Digest& base, int64_t labels)
    : folder_(std::move(folder)), base_(base), labels_(labels) {}

std::filesystem::path StatisticsCache::PathOf(std::span<const client::Example> rows) const {
  Hasher hasher;
  hasher.Update(
      fmt::format("feature moments {} {} {} {}\n", kNumerics, base_.Hex(), labels_, rows.size()));
  for (const client::Example& row : rows) {
    hasher.Update(fmt::format("{} {} {}\n", row.ids.size(), row.type_ids.size(), row.label));
    hasher.Update(Bytes(row.ids)).Update(Bytes(row.type_ids));
  }
  return folder_ / (hasher.Finish().Hex() + ".safetensors");
}

Result<client::TaskResult> StatisticsCache::Get(
    std::span<const client::Example> rows,
    const std::function<Result<client::TaskResult>()>& compute) const {
  if (folder_.empty()) return compute();
  const std::filesystem::path path = PathOf(rows);
  if (auto kept = ReadSafetensors(path)) {
    client::TaskResult result;
    result.upload = std::move(*kept);
    return result;
  }
  ASSIGN_OR_RETURN(client::TaskResult result, compute());
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  RETURN_IF_ERROR(WriteSafetensors(path, result.upload));
  return result;
}

}  // namespace tributary::simulation
