#include "coordinator/config/connections.h"

#include <cstdlib>

#include "aggregation/base/file.h"
#include "coordinator/config/render.h"
#include "coordinator/config/toml.h"

namespace tributary::config {
namespace {

constexpr size_t kMaxFile = size_t{1} << 20;

std::filesystem::path Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<toml::table> Parse(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return toml::table();
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxFile));
  toml::parse_result parsed = toml::parse(text);
  if (parsed) return std::move(parsed).table();
  const toml::parse_error& bad = parsed.error();
  return InvalidArgument("{}:{}: {}", file.string(), bad.source().begin.line, bad.description());
}

}  // namespace

std::filesystem::path ConnectionsFile() {
  std::filesystem::path base = Variable("XDG_CONFIG_HOME");
  if (base.empty()) {
    const std::filesystem::path home = Variable("HOME");
    if (home.empty()) return "";
    base = home / ".config";
  }
  return base / "tributary" / "connections.toml";
}

Result<std::map<std::string, Connection>> ReadConnections(const std::filesystem::path& file) {
  ASSIGN_OR_RETURN(const toml::table table, Parse(file));
  std::map<std::string, Connection> connections;
  for (const auto& [name, node] : table) {
    const toml::table* entry = node.as_table();
    const auto bad = [&, &name = name](std::string_view what) {
      return InvalidArgument(
          "{}: [{}]: {}; expected identity = \"DIR\" and, if it is another, "
          "coordinator = \"HOST:PORT\"",
          file.string(), std::string_view(name), what);
    };
    if (entry == nullptr) return bad("is no table");
    Connection connection;
    for (const auto& [key, value] : *entry) {
      const auto text = value.value<std::string>();
      if (!text) return bad(fmt::format("{} is no string", std::string_view(key)));
      if (key == "identity")
        connection.identity = file.parent_path() / *text;
      else if (key == "coordinator")
        connection.coordinator = *text;
      else
        return bad(fmt::format("has no key {}", std::string_view(key)));
    }
    if (connection.identity.empty()) return bad("identity is missing");
    connections[std::string(name)] = std::move(connection);
  }
  return connections;
}

Result<std::string> EnterConnection(const std::filesystem::path& identity,
                                    const std::string& project) {
  const std::filesystem::path file = ConnectionsFile();
  if (file.empty()) return "";
  ASSIGN_OR_RETURN(auto connections, ReadConnections(file));
  std::string name = connections.contains("default") ? project : "default";
  connections[name] = {std::filesystem::absolute(identity), ""};
  std::string text;
  for (const auto& [key, kept] : connections) {
    text += fmt::format("[{}]\nidentity = {}\n", Quote(key), Quote(kept.identity.string()));
    if (!kept.coordinator.empty())
      text += fmt::format("coordinator = {}\n", Quote(kept.coordinator));
  }
  RETURN_IF_ERROR(MakeDirectories(file.parent_path()));
  RETURN_IF_ERROR(WriteFile(file, text));
  return name;
}

}  // namespace tributary::config
