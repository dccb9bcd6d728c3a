// tributary data split | debian

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"
#include "client/data/debian_index.h"
#include "client/data/split.h"
#include "deploy/commands.h"

namespace tributary {
namespace {

// Reads a program's output as a stream. No shell is involved in what is named.
class PipeBuffer : public std::streambuf {
 public:
  explicit PipeBuffer(const char* command) : pipe_(popen(command, "r")) {}
  ~PipeBuffer() override { Close(); }
  int Close() {
    const int status = pipe_ ? pclose(pipe_) : -1;
    pipe_ = nullptr;
    return status;
  }

 protected:
  int_type underflow() override {
    const size_t n = pipe_ ? fread(buffer_, 1, sizeof buffer_, pipe_) : 0;
    if (n == 0) return traits_type::eof();
    setg(buffer_, buffer_, buffer_ + n);
    return traits_type::to_int_type(buffer_[0]);
  }

 private:
  FILE* pipe_;
  char buffer_[1 << 16];
};

struct DebianOptions {
  std::string out, index;
  bool json = false;
};

Result<int> Debian(const DebianOptions& options) {
  const auto& [out, index, json] = options;
  Result<data::DebianCounts> counts = data::DebianCounts{};
  if (index.empty()) {
    PipeBuffer pipe("apt-cache dumpavail");
    std::istream stream(&pipe);
    counts = data::WriteDebianDataset(stream, out);
    if (pipe.Close() != 0)
      return MakeError(
          Code::kFailedPrecondition,
          "apt-cache dumpavail failed; is this a Debian machine, and was 'apt-get update' run?");
  } else {
    std::ifstream stream(index, std::ios::binary);
    if (!stream) return MakeError(Code::kNotFound, "{}: cannot be read", index);
    counts = data::WriteDebianDataset(stream, out);
  }
  if (!counts) return tl::unexpected(counts.error());
  if (json)
    fmt::print("{}\n", DumpJson(nlohmann::ordered_json{{"schema", 1},
                                                       {"packages", counts->packages},
                                                       {"classes", counts->classes},
                                                       {"clients", counts->clients},
                                                       {"train_rows", counts->train_rows},
                                                       {"test_rows", counts->test_rows},
                                                       {"directory", out}}));
  fmt::print(stderr, "{} packages: {} classes, {} clients, {} training rows, {} test rows in {}\n",
             counts->packages, counts->classes, counts->clients, counts->train_rows,
             counts->test_rows, out);
  return kDone;
}

struct SplitOptions {
  std::string file, column = "client", out;
  bool json = false;
};

Result<int> Split(const SplitOptions& options) {
  ASSIGN_OR_RETURN(const auto counts,
                   data::SplitByClient(options.file, options.column, options.out, {}));
  if (const std::string bad = counts.bad.Summary(); !bad.empty())
    fmt::print(stderr, "warning: {}: {}\n", options.file, bad);
  if (options.json) {
    nlohmann::ordered_json json = {{"schema", 1}, {"directory", options.out}};
    for (const data::ClientFile& file : counts.files)
      json["files"].push_back({{"client", file.client}, {"file", file.file}, {"rows", file.rows}});
    fmt::print("{}\n", DumpJson(json));
  }
  fmt::print(stderr, "{} files in {}\n", counts.files.size(), options.out);
  return kDone;
}

}  // namespace

CommandBody AddData(CommandLine line) {
  line.NeedsCommand();
  CommandLine debian = line.Command("debian",
                                    "Make train.jsonl and test.jsonl from Debian's package "
                                    "index: which section is a package in?");
  auto all = std::make_shared<DebianOptions>();
  debian.Option("--out", all->out, "Directory to write").Required().TypeName("DIR");
  debian
      .Option("--index", all->index,
              "A file with what 'apt-cache dumpavail' prints (default: run it)")
      .TypeName("FILE");
  AddFormat(debian, &all->json);
  CommandLine split = line.Command("split", "One file per client from one table");
  auto options = std::make_shared<SplitOptions>();
  split.Option("FILE", options->file, "JSONL, CSV or TSV").Required();
  split.Option("--by", options->column, "Column of the client");
  split.Option("--out", options->out, "Directory to write; must be empty or absent")
      .Required()
      .TypeName("DIR");
  AddFormat(split, &options->json);
  line.Footer(
      "Examples:\n  tributary data debian --out runs/data/debian\n  tributary data split all.jsonl "
      "--by hospital --out sites");
  return [=]() -> Result<int> { return debian.was_given() ? Debian(*all) : Split(*options); };
}

}  // namespace tributary
