#include "client/edge/request_box.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "aggregation/base/file.h"
#include "aggregation/base/json.h"

namespace tributary::edge {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kMaxFile = size_t{1} << 20;
constexpr std::string_view kRequest = ".request", kAnswer = ".answer";

std::vector<fs::path> FilesOf(const fs::path& directory, std::string_view extension) {
  std::vector<fs::path> files;
  for (const fs::path& path : PathsIn(directory))
    if (path.extension() == extension) files.push_back(path);
  std::sort(files.begin(), files.end());
  return files;
}

Status MakeOwnDirectory(const fs::path& directory) {
  RETURN_IF_ERROR(MakeDirectories(directory));
  std::error_code error;
  fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return SystemError(directory, "make its owner's alone", error.value());
  return {};
}

}  // namespace

Result<std::string> RequestBox::Put(const std::string& verb, const RunId& run) const {
  RETURN_IF_ERROR(MakeOwnDirectory(directory_));
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string name =
      fmt::format("{:020}-{}", std::chrono::duration_cast<Duration>(now).count(), ::getpid());
  const Json json = {{"verb", verb}, {"run", run.value}};
  RETURN_IF_ERROR(WriteFile(directory_ / (name + std::string(kRequest)), DumpJson(json)));
  return name;
}

std::optional<Answer> RequestBox::Wait(const std::string& name, Duration most) const {
  const fs::path file = directory_ / (name + std::string(kAnswer));
  constexpr Duration kPause = std::chrono::milliseconds(50);
  for (Duration waited{0}; waited < most; waited += kPause) {
    if (const auto text = ReadFile(file, kMaxFile)) {
      std::error_code ignored;
      fs::remove(file, ignored);
      const Json json = ParseJson(*text);
      if (!json.is_object()) return std::nullopt;
      return Answer{json.value("is_done", false), json.value("text", "")};
    }
    std::this_thread::sleep_for(kPause);
  }
  return std::nullopt;
}

void RequestBox::TakeBack(const std::string& name) const {
  std::error_code ignored;
  fs::remove(directory_ / (name + std::string(kRequest)), ignored);
}

Status RequestBox::Open() const {
  RETURN_IF_ERROR(MakeOwnDirectory(directory_));
  std::error_code ignored;
  for (const fs::path& file : FilesOf(directory_, kAnswer)) fs::remove(file, ignored);
  return {};
}

std::vector<Request> RequestBox::Take() const {
  std::vector<Request> requests;
  for (const fs::path& file : FilesOf(directory_, kRequest)) {
    const auto text = ReadFile(file, kMaxFile);
    const Json json = ParseJson(text.value_or(""));
    const auto word = [&](const char* key) {
      const bool is_there = json.is_object() && json.contains(key) && json[key].is_string();
      return is_there ? json[key].get<std::string>() : "";
    };
    requests.push_back({word("verb"), {word("run")}, file.stem().string()});
  }
  return requests;
}

Status RequestBox::Reply(const Request& request, const Answer& answer) const {
  const Json json = {{"is_done", answer.is_done}, {"text", answer.text}};
  const std::string text = DumpJson(json);
  RETURN_IF_ERROR(WriteFile(directory_ / (request.name + std::string(kAnswer)), text));
  std::error_code error;
  const fs::path file = directory_ / (request.name + std::string(kRequest));
  fs::remove(file, error);
  if (error) return SystemError(file, "remove", error.value());
  return SyncDirectory(directory_);
}

}  // namespace tributary::edge
