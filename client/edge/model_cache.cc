#include "client/edge/model_cache.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <tuple>

#include "aggregation/base/file.h"
#include "aggregation/base/units.h"
#include "client/model/directory.h"
#include "proto/rpc/fetch.h"

namespace tributary::edge {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostBytes = int64_t{1} << 40;
constexpr size_t kMostFiles = 1024;

int64_t SizeOf(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : static_cast<int64_t>(size);
}

}  // namespace

Status CheckModelManifest(const proto::ModelManifest& manifest) {
  if (manifest.files.empty() || manifest.files.size() > kMostFiles)
    return InvalidArgument("a model of {} files, expected 1 to {}", manifest.files.size(),
                           kMostFiles);
  std::set<std::string> names;
  for (const proto::ModelFile& file : manifest.files) {
    const bool is_known = file.name == "config.json" || file.name == "tokenizer.json" ||
                          file.name == "model.safetensors.index.json" ||
                          (file.name.ends_with(".safetensors") &&
                           file.name.find('/') == std::string::npos && file.name.front() != '.');
    if (!is_known) return InvalidArgument("\"{}\" is no file of a model", file.name);
    if (!names.insert(file.name).second) return InvalidArgument("\"{}\" is there twice", file.name);
    if (file.size < 1 || file.size > kMostBytes)
      return InvalidArgument("{}: {} bytes, expected 1 to {}", file.name, file.size, kMostBytes);
  }
  return {};
}

Status ModelCache::Fetch(const RunId& run, const std::string& digest, std::stop_token stop) {
  ASSIGN_OR_RETURN(const Digest model, Digest::FromHex(digest));
  const fs::path whole = FetchedModel(settings_, digest), part = whole.string() + ".part";
  ASSIGN_OR_RETURN(const auto manifest,
                   channel_.Call<proto::ModelManifest>("Transfer/Model", proto::ModelRequest{run}));
  RETURN_IF_ERROR(CheckModelManifest(manifest));
  int64_t bytes = 0;
  for (const proto::ModelFile& file : manifest.files) bytes += file.size;
  RETURN_IF_ERROR(MakeDirectories(part));
  RETURN_IF_ERROR(MakeRoom(bytes, part));
  for (const proto::ModelFile& file : manifest.files)
    RETURN_IF_ERROR(FetchFile(run, model, file, part / file.name, stop));
  const auto opened = model::OpenDirectory(part);
  std::error_code error;
  if (!opened || opened->digest != model) {
    fs::remove_all(part, error);
    if (!opened) return Annotate(opened.error(), "the model that the coordinator offers");
    return MakeError(Code::kDataLoss, "the coordinator's model is {}, the run's {}",
                     opened->digest.Hex(), digest);
  }
  fs::remove_all(whole, error);  // a damaged one
  fs::rename(part, whole, error);
  if (error) return SystemError(part, "rename", error.value());
  return SyncDirectory(whole.parent_path());
}

Status ModelCache::FetchFile(const RunId& run, const Digest& model, const proto::ModelFile& file,
                             const fs::path& into, std::stop_token stop) {
  if (SizeOf(into) == file.size) return {};
  const fs::path part = into.string() + ".part";
  std::error_code error;
  if (SizeOf(part) > file.size) fs::remove(part, error);
  {
    std::ofstream out(part, std::ios::binary | std::ios::app);
    const proto::FetchRequest request{run, model, {file.digest}, SizeOf(part)};
    const auto take = [&](std::string_view bytes) -> Status {
      if (!out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush())
        return SystemError(part, "write");
      traffic_.received += static_cast<int64_t>(bytes.size());
      return {};
    };
    RETURN_IF_ERROR(rpc::Fetch(channel_, request, take, stop));
  }
  if (SizeOf(part) != file.size)
    return MakeError(Code::kUnavailable, "the download was broken off");
  ASSIGN_OR_RETURN(const Digest found, Sha256File(part));
  if (found != file.digest) {
    fs::remove(part, error);
    return MakeError(Code::kUnavailable, "{}: the fetched bytes are not {}", file.name,
                     file.digest.Hex());
  }
  fs::rename(part, into, error);
  if (error) return SystemError(part, "rename", error.value());
  return {};
}

Status ModelCache::MakeRoom(int64_t bytes, const fs::path& keep) const {
  const int64_t quota = ModelsQuota(settings_);
  if (bytes > quota)
    return MakeError(Code::kFailedPrecondition,
                     "the base model has {}, cache.models_quota = \"{}\" allows no more",
                     FormatSize(bytes), settings_.models_quota);
  std::vector<std::tuple<fs::file_time_type, fs::path, int64_t>> others;
  int64_t used = bytes;
  std::error_code error;
  for (const fs::path& path : PathsIn(keep.parent_path())) {
    if (path == keep) continue;
    const int64_t size = BytesBelow(path);
    used += size;
    others.emplace_back(fs::last_write_time(path, error), path, size);
  }
  std::sort(others.begin(), others.end());
  for (const auto& [time, directory, size] : others) {
    if (used <= quota) return {};
    fs::remove_all(directory, error);
    if (error) return SystemError(directory, "remove", error.value());
    used -= size;
  }
  return {};
}

}  // namespace tributary::edge
