#pragma once
// What a command takes on its line. Both classes are handles of what CLI11 keeps; commands see no
// more of it, since a compiler needs longer for its headers than for the command.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tributary {

// An option, flag or positional argument that was declared, to say more of it.
class Argument {
 public:
  explicit Argument(CLI::Option* option) : option_(option) {}
  Argument Required();
  Argument TypeName(const std::string& name);  // what help calls its value
  Argument OneOf(const std::vector<std::string>& words);
  Argument Between(int64_t least, int64_t most);
  Argument Environment(const std::string& variable);  // where the line does not have it
  Argument Default(const std::string& value);
  Argument ShowDefault();            // the target's value, in help
  Argument SplitAt(char delimiter);  // a list in one value
  Argument MayRepeat();              // one value each time

 private:
  CLI::Option* option_;
};

class CommandLine {
 public:
  explicit CommandLine(CLI::App& app) : app_(&app) {}

  // "--name", "-n,--name", or "NAME" of what has a place instead of a name. The target holds the
  // default and outlives the parsing: text, a number, a path, or a list of them.
  template <typename Target>
  Argument Option(const std::string& name, Target& target, const std::string& help);
  Argument Option(const std::string& name, std::function<void(const std::string&)> set,
                  const std::string& help);
  Argument Flag(const std::string& name, bool& target, const std::string& help);
  void Footer(const std::string& text);  // of help

  CommandLine Command(const std::string& name, const std::string& summary);  // below this one
  void NeedsCommand();
  bool was_given() const;

 private:
  CLI::App* app_;
};

}  // namespace tributary
