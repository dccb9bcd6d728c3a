#pragma once
// A whole federation in a temporary directory, small enough to be trained in a second: the tiny
// BERT of the golden files with a tokenizer of 97 tokens, eight clients, three labels.

#include <functional>

#include "tests/coordinator/command/program.h"

namespace tributary {

class SmallWorld {
 public:
  explicit SmallWorld(int clients = 8);
  const std::filesystem::path& path() const { return scratch_.path(); }
  std::string File(const std::string& name) const { return (path() / name).string(); }

  // Runs a command with federation.toml and `--set` for each of `settings`.
  std::vector<std::string> Command(const std::string& command,
                                   const std::vector<std::string>& settings = {}) const;
  Outcome Check(const std::vector<std::string>& settings = {}) const {
    return RunProgram(Command("check", settings));
  }
  // simulate --out NAME
  Outcome Simulate(const std::string& out, const std::vector<std::string>& settings = {},
                   const std::vector<std::string>& more = {}) const;
  std::string Adapter(const std::string& out) const {
    return ReadText(path() / out / "adapter/adapter_model.safetensors");
  }

  // Replaces text in one of the files.
  void Edit(const std::string& file, const std::string& from, const std::string& to) const;
  // Replaces the model by one whose layers are so many times as wide: larger updates.
  void WidenModel(int64_t factor) const;

 private:
  ScratchDirectory scratch_;
};

// A safetensors file from its JSON header and data.
std::string Safetensors(const std::string& header, size_t data_bytes);

}  // namespace tributary
