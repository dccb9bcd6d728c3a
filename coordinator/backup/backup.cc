#include "coordinator/backup/backup.h"

#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "aggregation/base/file.h"
#include "aggregation/base/json.h"
#include "aggregation/base/utc.h"
#include "aggregation/base/version.h"
#include "coordinator/backup/files.h"
#include "coordinator/daemon/tags.h"

namespace tributary::backup {
namespace {

using Json = nlohmann::json;
constexpr int kFormat = 1;
constexpr const char* kReplaced = ".replaced-";

// What is in files that are appended to, and must be copied now; the rest is only ever replaced
// whole. Not in a backup: caches, uploads under way, the database itself, which is copied by
// SQLite.
bool IsAppendedTo(const fs::path& path) { return path.begin()->string() == "audit"; }
bool IsLeftOut(const fs::path& path) {
  const std::string top = path.begin()->string(), name = path.filename();
  if (top == "runs" || top == "uploads")
    return path.parent_path().filename() == "views" || !Digest::FromHex(name);
  const bool is_kept = top == "audit" || top == "authority" || top == "identity" || top == "admin";
  return !is_kept || name.ends_with(".tmp");
}

Status Link(const fs::path& from, const fs::path& to) {
  if (::link(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return {};  // discarded just now
  return SystemError(to, "link");
}

Result<int64_t> IncarnationOf(const fs::path& project) {
  ASSIGN_OR_RETURN(const auto states, store::OpenSqliteStore(project / "state.db"));
  ASSIGN_OR_RETURN(const auto incarnation, states->Get(daemon::kProject, daemon::kIncarnation));
  return std::atoll(incarnation.value_or("1").c_str());
}

// The highest of states that a restore has moved aside, also one that ended between its renames.
int64_t IncarnationAside(const fs::path& target) {
  int64_t highest = 0;
  for (const fs::path& path : PathsIn(fs::absolute(target).parent_path()))
    if (path.filename().string().starts_with(target.filename().string() + kReplaced))
      if (const auto there = IncarnationOf(path)) highest = std::max(highest, *there);
  return highest;
}

Result<std::pair<Facts, Files>> ReadDescription(const fs::path& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  const Json json = ParseJson(text);
  const auto bad = [&] { return MakeError(Code::kDataLoss, "{}: is no backup's", file.string()); };
  Facts facts;
  Files files;
  try {
    if (json.at("format") != kFormat) return bad();
    facts = {json.at("project"), json.at("version"), json.at("time"), json.at("incarnation")};
    for (const auto& [path, of] : json.at("files").items()) {
      ASSIGN_OR_RETURN(const Digest digest, Digest::FromHex(of.at("sha256").get<std::string>()));
      files[path] = {of.at("size").get<int64_t>(), digest};
      facts.bytes += files[path].size;
    }
  } catch (const Json::exception&) {
    return bad();
  }
  facts.files = static_cast<int64_t>(files.size());
  return std::pair(std::move(facts), std::move(files));
}

Result<Facts> CopyStaged(const fs::path& staging, const std::string& project, const fs::path& out) {
  std::error_code error;
  if (fs::exists(out, error))
    return MakeError(Code::kAlreadyExists, "{}: exists; name a new directory", out.string());
  ASSIGN_OR_RETURN(const int64_t incarnation, IncarnationOf(staging));
  fs::path partial = out;
  partial += ".part";
  fs::remove_all(partial, error);
  const auto write = [&]() -> Status {
    ASSIGN_OR_RETURN(const Files files, CopyTree(staging, partial / "project"));
    Json json = {{"format", kFormat},
                 {"project", project},
                 {"version", std::string(kVersion)},
                 {"time", Rfc3339(UnixMicros())},
                 {"incarnation", incarnation},
                 {"files", Json::object()}};
    for (const auto& [path, of] : files)
      json["files"][path] = {{"size", of.size}, {"sha256", of.digest.Hex()}};
    RETURN_IF_ERROR(WriteFile(partial / "backup.json", DumpJson(json, 1) + "\n"));
    fs::permissions(partial, fs::perms::owner_all, error);
    fs::rename(partial, out, error);
    if (error) return SystemError(out, "rename", error.value());
    return SyncDirectory(fs::absolute(out).parent_path());
  };
  if (const Status written = write(); !written) {
    fs::remove_all(partial, error);
    return tl::unexpected(written.error());
  }
  ASSIGN_OR_RETURN(const auto description, ReadDescription(out / "backup.json"));
  return description.first;
}

}  // namespace

fs::path StagingOf(const fs::path& project) { return project / "backup-staging"; }

Status Stage(const fs::path& project, store::SqliteStateStore& states, const fs::path& staging) {
  RETURN_IF_ERROR(MakeDirectories(staging));
  std::error_code missing;
  fs::permissions(staging, fs::perms::owner_all, missing);
  RETURN_IF_ERROR(states.CopyTo(staging / "state.db"));
  // The audit log's head before its segments: what a segment has beyond it does no harm.
  if (fs::exists(project / "audit/head.json", missing)) {
    RETURN_IF_ERROR(MakeDirectories(staging / "audit"));
    RETURN_IF_ERROR(CopyFile(project / "audit/head.json", staging / "audit/head.json"));
  }
  return ForEachFile(project, [&](const fs::path& path) -> Status {
    if (IsLeftOut(path) || path == "audit/head.json") return {};
    RETURN_IF_ERROR(MakeDirectories((staging / path).parent_path()));
    if (!IsAppendedTo(path)) return Link(project / path, staging / path);
    RETURN_IF_ERROR(CopyFile(project / path, staging / path));
    return {};
  });
}

Result<Facts> Write(const fs::path& staging, const std::string& project, const fs::path& out) {
  auto written = CopyStaged(staging, project, out);
  std::error_code ignored;
  fs::remove_all(staging, ignored);
  return written;
}

Result<Facts> Check(const fs::path& backup) {
  ASSIGN_OR_RETURN(const auto description, ReadDescription(backup / "backup.json"));
  const auto& [facts, files] = description;
  ASSIGN_OR_RETURN(const Files found, ReadTree(backup / "project"));
  const auto name = [&](const std::string& path) { return (backup / "project" / path).string(); };
  for (const auto& [path, of] : files) {
    const auto it = found.find(path);
    if (it == found.end()) return MakeError(Code::kDataLoss, "{}: is missing", name(path));
    if (it->second != of)
      return MakeError(Code::kDataLoss,
                       "{}: has {} bytes with SHA-256 {}, the backup had {} with {}", name(path),
                       it->second.size, it->second.digest.Hex(), of.size, of.digest.Hex());
  }
  for (const auto& [path, of] : found)
    if (!files.contains(path))
      return MakeError(Code::kDataLoss, "{}: is not of the backup", name(path));
  return facts;
}

Result<Restored> Restore(const fs::path& backup, const std::string& project, const fs::path& target,
                         bool replace) {
  ASSIGN_OR_RETURN(Facts facts, Check(backup));
  if (facts.project != project)
    return MakeError(Code::kFailedPrecondition, "{}: is of project {}, and the configuration of {}",
                     backup.string(), facts.project, project);
  Restored restored{std::move(facts), 0, {}};
  restored.incarnation = std::max(restored.facts.incarnation, IncarnationAside(target));
  std::error_code error;
  if (fs::exists(target, error) && !fs::is_empty(target, error)) {
    if (!replace)
      return MakeError(Code::kAlreadyExists,
                       "{}: there is a state; --replace moves it aside and takes its place",
                       target.string());
    // Also makes sure that no coordinator serves it. One that is damaged tells nothing.
    const auto there = IncarnationOf(target);
    if (!there && there.error().code == Code::kFailedPrecondition)
      return tl::unexpected(there.error());
    if (there) restored.incarnation = std::max(restored.incarnation, *there);
    restored.replaced = fmt::format("{}{}{}", target.string(), kReplaced, Rfc3339(UnixMicros()));
  }
  ++restored.incarnation;
  fs::path partial = target;
  partial += ".restoring";
  fs::remove_all(partial, error);
  RETURN_IF_ERROR(CopyTree(backup / "project", partial));
  {
    ASSIGN_OR_RETURN(const auto states, store::OpenSqliteStore(partial / "state.db"));
    RETURN_IF_ERROR(
        states->Put(daemon::kProject, daemon::kIncarnation, std::to_string(restored.incarnation)));
  }
  if (!restored.replaced.empty()) fs::rename(target, restored.replaced, error);
  if (!error) fs::rename(partial, target, error);
  if (error) return SystemError(target, "rename", error.value());
  RETURN_IF_ERROR(SyncDirectory(fs::absolute(target).parent_path()));
  return restored;
}

}  // namespace tributary::backup
