#pragma once
// The one list of configuration keys. Reading, the effective run.toml, the plan digest, error
// messages and docs/configuration.md all come from it.

#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "coordinator/config/config.h"

namespace tributary::config {

// Where a key's value lives; its type decides how TOML is read and written.
using Slot = std::variant<bool*, int64_t*, uint64_t*, std::optional<uint64_t>*, double*,
                          std::string*, std::vector<std::string>*, std::filesystem::path*,
                          Duration*, CohortSize*, std::map<std::string, int64_t>*>;

struct Key {
  std::string_view path;  // "training.learning_rate"
  Slot slot;
  bool in_plan = true;
  std::string_view help;
  // Bounds of a number, or of a duration in seconds. Equal: none; a duration is more than nothing.
  double low = 0, high = 0;
  std::vector<std::string_view> choices = {};  // of a string; empty: any
};

// All keys but the [[clients]] tables, in the order of the documentation; slots point into
// `config`.
std::vector<Key> Keys(Config& config);

struct GroupKey {
  std::string_view name, help;
};
std::span<const GroupKey> GroupKeys();  // of a [[clients]] table

struct SectionHelp {
  std::string_view name, help;
};
std::span<const SectionHelp> Sections();

// Reads TOML into keys' slots and lists all faults; an error if it is no TOML. The same for every
// kind of configuration file: a run's, a coordinator's, a client's. Unknown keys are refused with a
// suggestion.
Result<std::vector<Fault>> ReadKeys(std::string_view text, std::string_view name,
                                    const std::filesystem::path& base, std::span<const Key> keys,
                                    std::span<const SectionHelp> sections,
                                    std::vector<ClientGroup>* groups = nullptr);

// The same of a whole file, with all faults in one error, one a line.
Status ReadKeysFile(const std::filesystem::path& file, std::span<const Key> keys,
                    std::span<const SectionHelp> sections);

}  // namespace tributary::config
