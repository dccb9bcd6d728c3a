// Who may include whom: the table is the law, checked from the #include lines of every source.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace tributary {
namespace {

namespace fs = std::filesystem;

struct Folder {
  std::string path;                    // the longest matching row counts
  std::vector<std::string> may;        // project folders or files, beside itself
  std::vector<std::string> libraries;  // beginnings of <...> headers beyond the standard library
};

const std::vector<Folder>& Law() {
  static const std::vector<Folder> law = {
      {"aggregation/base", {}, {"fmt/", "tl/", "nlohmann/"}},
      {"aggregation/log", {"aggregation/base"}, {"spdlog/", "nlohmann/"}},
      {"aggregation/tensor", {"aggregation/base"}, {"nlohmann/"}},
      {"aggregation/adapter", {"aggregation/base", "aggregation/tensor"}, {"Eigen/", "nlohmann/"}},
      {"aggregation/strategy",
       {"aggregation/base", "aggregation/tensor", "aggregation/adapter"},
       {"Eigen/"}},
      {"privacy", {"aggregation/base", "aggregation/tensor"}, {}},
      {"privacy/crypto", {"aggregation/base"}, {"arpa/inet.h"}},
      {"privacy/audit", {"aggregation/base"}, {"nlohmann/"}},
      {"proto/http",
       {"aggregation/base", "privacy/crypto", "proto/rpc/loopback.h"},
       {"civetweb.h", "prometheus/", "fmt/"}},
      {"proto",
       {"aggregation/base", "privacy/crypto"},
       {"google/protobuf/", "tributary/v1/", "grpcpp/"}},
      {"client/core", {"aggregation/base"}, {}},
      {"client/data",
       {"aggregation/base", "aggregation/tensor"},
       {"nlohmann/", "utf8proc", "oniguruma"}},
      {"client/model",
       {"aggregation/base", "aggregation/tensor", "aggregation/adapter"},
       {"nlohmann/"}},
      {"client/train",
       {"aggregation", "client/model", "client/trainer"},
       {"torch/", "ATen/", "c10/", "dlfcn.h"}},
      {"client/task", {"aggregation", "client/trainer.h", "client/data", "client/model"}, {}},
      {"client/edge",
       {"aggregation", "privacy", "client", "proto", "coordinator/artefact", "coordinator/config",
        "coordinator/plan", "coordinator/store"},
       {"nlohmann/", "prometheus/"}},
      {"client/command",
       {"aggregation", "client", "coordinator", "privacy/crypto", "proto", "deploy/command",
        "deploy/commands"},
       {"nlohmann/"}},
      {"client", {"aggregation/base", "aggregation/tensor", "aggregation/adapter"}, {}},
      {"coordinator/core", {"aggregation/base"}, {}},
      {"coordinator/config", {"aggregation", "privacy"}, {"toml++/"}},
      {"coordinator/store", {"aggregation/base"}, {"sqlite3.h"}},
      {"coordinator/fold", {"aggregation", "privacy", "coordinator/core", "coordinator/store"}, {}},
      {"coordinator/report",
       {"aggregation", "privacy", "coordinator/core", "coordinator/config"},
       {"nlohmann/"}},
      {"coordinator/plan",
       {"aggregation", "privacy", "client/model", "client/task", "coordinator/config",
        "coordinator/core", "coordinator/fold", "coordinator/report"},
       {}},
      {"coordinator/daemon",
       {"aggregation", "privacy", "proto", "client/model", "coordinator/config", "coordinator/core",
        "coordinator/fold", "coordinator/plan", "coordinator/report", "coordinator/store"},
       {"nlohmann/"}},
      {"coordinator/identity",
       {"aggregation/base", "privacy/crypto", "proto", "coordinator/daemon/tags",
        "coordinator/store"},
       {"nlohmann/"}},
      {"coordinator/backup",
       {"aggregation/base", "coordinator/daemon/tags", "coordinator/store"},
       {"nlohmann/"}},
      {"coordinator/monitor",
       {"aggregation", "privacy", "proto", "coordinator/core", "coordinator/daemon",
        "coordinator/report"},
       {"nlohmann/", "prometheus/", "civetweb.h"}},
      {"coordinator/service",
       {"aggregation", "privacy", "proto", "coordinator/backup", "coordinator/daemon",
        "coordinator/identity", "coordinator/monitor", "coordinator/store"},
       {"nlohmann/", "grpcpp/", "tributary/v1/", "arpa/inet.h", "netinet/"}},
      {"coordinator/artefact",
       {"aggregation", "coordinator/config", "coordinator/report", "client/model"},
       {"nlohmann/"}},
      {"coordinator/simulation",
       {"aggregation", "privacy", "client/core", "client/data", "client/model", "client/task",
        "client/trainer", "coordinator"},
       {"nlohmann/"}},
      {"coordinator/command",
       {"aggregation", "privacy", "client", "coordinator", "proto", "deploy/command",
        "deploy/commands"},
       {"nlohmann/", "Eigen/"}},
      {"deploy/bench", {"aggregation", "client", "coordinator", "proto"}, {"CLI/", "grpcpp/"}},
      {"deploy",
       {"aggregation", "privacy", "client", "coordinator"},
       {"CLI/", "nlohmann/", "benchmark/", "systemd/"}},
  };
  return law;
}

// Libraries, and doors to them, that live in one place, whatever the folder's row says.
struct Place {
  std::string library;
  std::vector<std::string> files;  // or folders
};
const std::vector<Place>& Places() {
  static const std::vector<Place> places = {
      {"openssl/", {"aggregation/base/digest.cc", "privacy/crypto"}},
      {"privacy/crypto/openssl.h", {"privacy/crypto"}},
      {"toml++/", {"coordinator/config/toml.h"}},
      {"google/protobuf/", {"proto/convert.cc"}},
      {"grpcpp/", {"proto/rpc", "coordinator/service", "deploy/bench/service.d/bare_stream.cc"}},
      {"tributary/v1/", {"proto/convert.cc", "coordinator/service"}},
      {"civetweb.h", {"proto/http/server.cc"}},
      {"spdlog/", {"aggregation/log/log.cc"}},
      {"prometheus/", {"proto/http", "coordinator/monitor", "client/edge/view.cc"}}};
  return places;
}

constexpr const char* kBannedInCores[] = {"thread",   "mutex",  "fstream",       "filesystem",
                                          "iostream", "random", "unordered_map", "chrono"};

bool StartsWith(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}

const Folder* RowOf(const std::string& file) {
  const Folder* best = nullptr;
  for (const Folder& row : Law())
    if (StartsWith(file, row.path + "/") && (!best || row.path.size() > best->path.size()))
      best = &row;
  return best;
}

std::vector<std::string> SourceFiles() {
  const fs::path root = TRIBUTARY_SOURCE_DIR;
  std::vector<std::string> files;
  for (const char* top : {"aggregation", "client", "coordinator", "privacy", "proto", "deploy"})
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension == ".h" || extension == ".cc" || extension == ".cu" || extension == ".inc")
        files.push_back(fs::relative(entry.path(), root));
    }
  std::sort(files.begin(), files.end());
  return files;
}

struct Include {
  std::string name;
  bool quoted = false;
};
std::vector<Include> IncludesOf(const std::string& file) {
  static const std::regex pattern(R"(^\s*#\s*include\s+([<"])([^>"]+)[>"])");
  std::ifstream in(fs::path(TRIBUTARY_SOURCE_DIR) / file);
  std::vector<Include> includes;
  for (std::string line; std::getline(in, line);) {
    std::smatch match;
    if (std::regex_search(line, match, pattern)) includes.push_back({match[2], match[1] == "\""});
  }
  return includes;
}

TEST(Includes, OnlyGoWhereTheTableAllows) {
  const auto files = SourceFiles();
  ASSERT_GT(files.size(), 150U);
  for (const std::string& file : files) {
    const Folder* row = RowOf(file);
    ASSERT_NE(row, nullptr) << file << " lies in a folder that the table does not know";
    for (const Include& include : IncludesOf(file)) {
      if (!include.quoted) continue;
      const bool own = StartsWith(include.name, row->path + "/");
      const bool allowed =
          std::any_of(row->may.begin(), row->may.end(), [&](const std::string& may) {
            return include.name == may || StartsWith(include.name, may + "/") ||
                   StartsWith(include.name, may + ".") || StartsWith(include.name, may + "_");
          });
      EXPECT_TRUE(own || allowed) << file << " includes " << include.name;
    }
  }
}

TEST(Includes, LibrariesStayInTheirPlaces) {
  for (const std::string& file : SourceFiles()) {
    const Folder* row = RowOf(file);
    ASSERT_NE(row, nullptr) << file;
    for (const Include& include : IncludesOf(file)) {
      bool placed = false;
      for (const Place& place : Places()) {
        if (!StartsWith(include.name, place.library)) continue;
        placed = true;
        EXPECT_TRUE(std::any_of(place.files.begin(), place.files.end(),
                                [&](const std::string& where) {
                                  return file == where || StartsWith(file, where + "/");
                                }))
            << file << " includes " << include.name;
      }
      const bool is_standard = include.name.find('/') == std::string::npos ||
                               StartsWith(include.name, "sys/") ||
                               StartsWith(include.name, "linux/");
      const bool special = include.name == "sqlite3.h" || include.name == "oniguruma.h" ||
                           include.name == "utf8proc.h";
      if (include.quoted || placed || (is_standard && !special)) continue;
      const bool ground = StartsWith(include.name, "fmt/") || StartsWith(include.name, "tl/");
      const bool allowed =
          std::any_of(row->libraries.begin(), row->libraries.end(),
                      [&](const std::string& l) { return StartsWith(include.name, l); });
      EXPECT_TRUE(allowed || ground) << file << " includes <" << include.name << ">";
    }
  }
}

TEST(Includes, CoresAskTheWorldNothing) {
  for (const std::string& file : SourceFiles()) {
    if (!StartsWith(file, "coordinator/core/") && !StartsWith(file, "client/core/")) continue;
    for (const Include& include : IncludesOf(file))
      for (const char* banned : kBannedInCores) EXPECT_NE(include.name, banned) << file;
  }
}

TEST(Files, AreShortEnoughToBeOneIdea) {
  for (const std::string& file : SourceFiles()) {
    if (file.find("unicode_tables") != std::string::npos) continue;  // data
    std::ifstream in(fs::path(TRIBUTARY_SOURCE_DIR) / file);
    const auto lines = std::count(std::istreambuf_iterator<char>(in), {}, '\n');
    EXPECT_LE(lines, 400) << file;
  }
}

}  // namespace
}  // namespace tributary
