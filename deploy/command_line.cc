#include "deploy/command_line.h"

#include <CLI/CLI.hpp>
#include <filesystem>

namespace tributary {

Argument Argument::Required() { return Argument(option_->required()); }
Argument Argument::TypeName(const std::string& name) { return Argument(option_->type_name(name)); }
Argument Argument::OneOf(const std::vector<std::string>& words) {
  return Argument(option_->check(CLI::IsMember(words)));
}
Argument Argument::Between(int64_t least, int64_t most) {
  return Argument(option_->check(CLI::Range(least, most)));
}
Argument Argument::Environment(const std::string& variable) {
  return Argument(option_->envname(variable));
}
Argument Argument::Default(const std::string& value) {
  return Argument(option_->default_val(value));
}
Argument Argument::ShowDefault() { return Argument(option_->capture_default_str()); }
Argument Argument::SplitAt(char delimiter) { return Argument(option_->delimiter(delimiter)); }
Argument Argument::MayRepeat() { return Argument(option_->take_all()->allow_extra_args(false)); }

template <typename Target>
Argument CommandLine::Option(const std::string& name, Target& target, const std::string& help) {
  return Argument(app_->add_option(name, target, help));
}
template Argument CommandLine::Option(const std::string&, std::string&, const std::string&);
template Argument CommandLine::Option(const std::string&, std::filesystem::path&,
                                      const std::string&);
template Argument CommandLine::Option(const std::string&, int&, const std::string&);
template Argument CommandLine::Option(const std::string&, int64_t&, const std::string&);
template Argument CommandLine::Option(const std::string&, std::vector<std::string>&,
                                      const std::string&);

Argument CommandLine::Option(const std::string& name, std::function<void(const std::string&)> set,
                             const std::string& help) {
  return Argument(app_->add_option_function<std::string>(name, std::move(set), help));
}
Argument CommandLine::Flag(const std::string& name, bool& target, const std::string& help) {
  return Argument(app_->add_flag(name, target, help));
}
void CommandLine::Footer(const std::string& text) { app_->footer(text); }

CommandLine CommandLine::Command(const std::string& name, const std::string& summary) {
  return CommandLine(*app_->add_subcommand(name, summary));
}
void CommandLine::NeedsCommand() { app_->require_subcommand(1); }
bool CommandLine::was_given() const { return app_->parsed(); }

}  // namespace tributary
