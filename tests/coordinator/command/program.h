#pragma once
// The real program under test: starts it, feeds it, and keeps what it said.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/scratch.h"

namespace tributary {

struct Outcome {
  int code = -1;  // exit code; 128 + n where signal n ended it
  std::string out, err;
  std::string All() const { return out + err; }
};

// Runs `tributary ARGUMENTS` to its end.
Outcome RunProgram(const std::vector<std::string>& arguments, const std::string& input = "");

// One that is still running.
class StartedProgram {
 public:
  // `variables` are NAME=VALUE, beside those of this process.
  explicit StartedProgram(const std::vector<std::string>& arguments, const std::string& input = "",
                          const std::vector<std::string>& variables = {});
  ~StartedProgram();
  StartedProgram(const StartedProgram&) = delete;

  // Reads standard output until it holds `text`; false if the program ended before.
  bool WaitForOutput(const std::string& text);
  // The same of standard error, for at most a minute.
  bool WaitForError(const std::string& text);
  std::string error() const;  // what it has said there so far
  // Until it would catch that signal (proc(5), SigCgt).
  void WaitUntilItCatches(int number) const;
  void Signal(int number) const;
  Outcome Wait();
  bool HasEnded();  // does not wait

 private:
  void ReadSome();
  ScratchDirectory scratch_;
  pid_t pid_ = -1;
  int output_ = -1;
  bool ended_ = false;
  std::string out_;
};

std::string ReadText(const std::filesystem::path& path);
void WriteText(const std::filesystem::path& path, const std::string& text);

}  // namespace tributary
