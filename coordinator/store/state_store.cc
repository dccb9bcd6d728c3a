#include "coordinator/store/state_store.h"

namespace tributary::store {

Status CheckName(std::string_view what, std::string_view name) {
  if (name.empty() || name.size() > kMaxName)
    return InvalidArgument("{} name has {} bytes, expected 1 to {}", what, name.size(), kMaxName);
  for (const char c : name)
    if (static_cast<unsigned char>(c) < 0x20)
      return InvalidArgument("{} name holds control character {:#04x}", what,
                             static_cast<unsigned>(c));
  return {};
}

Status CheckRecords(const RunId& run, std::span<const std::string> records) {
  RETURN_IF_ERROR(CheckName("run", run.value));
  if (records.size() > kMaxRecordsPerAppend)
    return InvalidArgument("run {}: {} records at once, at most {} are allowed", run.value,
                           records.size(), kMaxRecordsPerAppend);
  for (const std::string& record : records)
    if (record.size() > kMaxRecord)
      return InvalidArgument("run {}: a record of {} bytes, at most {} are allowed", run.value,
                             record.size(), kMaxRecord);
  return {};
}

Status CheckSnapshot(const RunId& run, std::string_view snapshot) {
  RETURN_IF_ERROR(CheckName("run", run.value));
  if (snapshot.size() > kMaxSnapshot)
    return InvalidArgument("run {}: a snapshot of {} bytes, at most {} are allowed", run.value,
                           snapshot.size(), kMaxSnapshot);
  return {};
}

Status CheckFact(const RunId& run, std::string_view key, std::string_view value) {
  RETURN_IF_ERROR(CheckName("run", run.value));
  RETURN_IF_ERROR(CheckName("fact", key));
  if (value.size() > kMaxRecord)
    return InvalidArgument("run {}: fact {} of {} bytes, at most {} are allowed", run.value, key,
                           value.size(), kMaxRecord);
  return {};
}

}  // namespace tributary::store
