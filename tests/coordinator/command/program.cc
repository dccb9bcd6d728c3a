#include "tests/coordinator/command/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "aggregation/base/status.h"

extern char** environ;

namespace tributary {

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteText(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

StartedProgram::StartedProgram(const std::vector<std::string>& arguments, const std::string& input,
                               const std::vector<std::string>& variables) {
  const std::string program = TRIBUTARY_BINARY_DIR "/tributary";
  const std::string in = (scratch_.path() / "in").string(),
                    err = (scratch_.path() / "err").string();
  WriteText(in, input);
  WriteText(err, "");
  std::filesystem::permissions(err, std::filesystem::perms(0666));
  int pipes[2];
  TRIBUTARY_CHECK(pipe2(pipes, O_CLOEXEC) == 0, "a pipe can be made");
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> environment;
  for (char** variable = environ; *variable != nullptr; ++variable)
    environment.push_back(*variable);
  for (const std::string& variable : variables)
    environment.push_back(const_cast<char*>(variable.c_str()));
  environment.push_back(nullptr);
  pid_ = fork();
  TRIBUTARY_CHECK(pid_ >= 0, "a process can be made");
  if (pid_ == 0) {                     // between fork and exec: system calls alone
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that aborts leaves nothing behind
    dup2(open(in.c_str(), O_RDONLY | O_CLOEXEC), 0);
    dup2(pipes[1], 1);
    dup2(open(err.c_str(), O_WRONLY | O_CLOEXEC), 2);
    execve(program.c_str(), argv.data(), environment.data());
    _exit(127);
  }
  close(pipes[1]);
  output_ = pipes[0];
}

StartedProgram::~StartedProgram() {
  if (pid_ > 0) {
    Signal(SIGKILL);
    Wait();
  }
}

void StartedProgram::ReadSome() {
  char block[4096];
  const ssize_t got = read(output_, block, sizeof block);
  if (got > 0) out_.append(block, static_cast<size_t>(got));
  ended_ = got == 0;
}

bool StartedProgram::WaitForOutput(const std::string& text) {
  while (out_.find(text) == std::string::npos && !ended_) ReadSome();
  return out_.find(text) != std::string::npos;
}

std::string StartedProgram::error() const { return ReadText(scratch_.path() / "err"); }

bool StartedProgram::WaitForError(const std::string& text) {
  for (int i = 0; i < 6000 && error().find(text) == std::string::npos; ++i) usleep(10'000);
  return error().find(text) != std::string::npos;
}

void StartedProgram::WaitUntilItCatches(int number) const {
  for (uint64_t caught = 0; (caught >> (number - 1) & 1) == 0; usleep(5'000)) {
    const std::string status = ReadText("/proc/" + std::to_string(pid_) + "/status");
    const size_t at = status.find("SigCgt:");
    TRIBUTARY_CHECK(at != status.npos, "the program runs");
    caught = std::stoull(status.substr(at + 7), nullptr, 16);
  }
}

void StartedProgram::Signal(int number) const { kill(pid_, number); }

Outcome StartedProgram::Wait() {
  while (!ended_) ReadSome();
  close(output_);
  int status = 0;
  TRIBUTARY_CHECK(waitpid(pid_, &status, 0) == pid_, "the program can be waited for");
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out_,
          ReadText(scratch_.path() / "err")};
}

bool StartedProgram::HasEnded() {
  siginfo_t info{};
  const int found = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  return found == 0 && info.si_pid == pid_;
}

Outcome RunProgram(const std::vector<std::string>& arguments, const std::string& input) {
  return StartedProgram(arguments, input).Wait();
}

}  // namespace tributary
