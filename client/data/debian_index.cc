#include "client/data/debian_index.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <vector>

#include "aggregation/base/digest.h"
#include "aggregation/base/file.h"
#include "aggregation/base/json.h"
#include "aggregation/base/utf8.h"
#include "client/data/lines.h"

namespace tributary::data {
namespace {

constexpr size_t kMaxLineBytes = size_t{1} << 20;  // the longest line of Debian 12 has 76 kB
constexpr int64_t kMaxPackages = 1'000'000;

struct Package {
  std::string name, source, text, label, maintainer;
  auto operator<=>(const Package&) const = default;
};
using Packages = std::vector<Package>;

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// The fields of one stanza that the recipe needs.
class Stanza {
 public:
  void Add(std::string_view line) {
    any_ = true;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || line[0] == ' ' || line[0] == '\t') return;  // continued
    const std::string_view name = line.substr(0, colon);
    if (name == "Filename") has_file_ = true;
    for (const auto& [field, place] : kFields) {
      if (field == name && (this->*place).empty()) this->*place = Trim(line.substr(colon + 1));
    }
  }

  bool any() const { return any_; }

  bool IsUsable() const {
    return has_file_ && !package_.empty() && !section_.empty() && !Name(maintainer_).empty() &&
           !Text().empty() && IsUtf8(package_ + source_ + section_ + maintainer_ + Text());
  }

  Package Take() const {
    std::string_view label = section_;
    for (const std::string_view area : {"contrib/", "non-free/", "non-free-firmware/"}) {
      if (label.starts_with(area)) label.remove_prefix(area.size());
    }
    const std::string source =
        source_.empty() ? package_ : source_.substr(0, source_.find_first_of(" ("));
    return {.name = package_,
            .source = source,
            .text = Text(),
            .label = std::string(label),
            .maintainer = maintainer_};
  }

  // "Debian Games Team" of "Debian Games Team <games@example.org>"; quotes are dropped. A field
  // that is an address alone gives what precedes the '@'.
  static std::string Name(std::string_view maintainer) {
    std::string name(Trim(maintainer.substr(0, maintainer.find('<'))));
    if (name.empty()) name = Trim(maintainer.substr(maintainer.find('<') + 1));
    name = name.substr(0, name.find('@'));
    std::erase(name, '"');
    return std::string(Trim(name));
  }

 private:
  const std::string& Text() const { return description_.empty() ? description_en_ : description_; }

  std::string package_, source_, section_, maintainer_, description_, description_en_;
  bool has_file_ = false, any_ = false;

  static constexpr std::pair<std::string_view, std::string Stanza::*> kFields[] = {
      {"Package", &Stanza::package_},         {"Source", &Stanza::source_},
      {"Section", &Stanza::section_},         {"Maintainer", &Stanza::maintainer_},
      {"Description", &Stanza::description_}, {"Description-en", &Stanza::description_en_},
  };
};

Result<Packages> ReadPackages(std::istream& index, DebianCounts* counts) {
  auto stream = std::make_unique<std::istream>(index.rdbuf());
  ASSIGN_OR_RETURN(auto lines, LineReader::Open(std::move(stream), "package index", kMaxLineBytes));
  Packages packages;
  std::string line;
  for (Stanza stanza;;) {
    line.clear();
    ASSIGN_OR_RETURN(const bool more, lines.Append(&line));
    if (more && !Trim(line).empty()) {
      stanza.Add(line);
      continue;
    }
    if (stanza.any() && ++counts->packages > kMaxPackages)
      return MakeError(Code::kResourceExhausted, "package index: more than {} packages",
                       kMaxPackages);
    if (stanza.IsUsable()) packages.push_back(stanza.Take());
    stanza = {};
    if (!more) break;
  }
  counts->skipped = counts->packages - static_cast<int64_t>(packages.size());
  std::ranges::sort(packages);
  return packages;
}

void KeepFirstOfEqualPairs(Packages* packages) {
  std::set<std::pair<std::string, std::string>> seen;
  std::erase_if(*packages, [&](const Package& p) { return !seen.emplace(p.text, p.label).second; });
}

std::map<std::string, int64_t> CountBy(const Packages& packages, std::string Package::*field) {
  std::map<std::string, int64_t> counts;
  for (const Package& package : packages) ++counts[package.*field];
  return counts;
}

void DropSmall(Packages* packages, std::string Package::*field, int64_t least) {
  const auto counts = CountBy(*packages, field);
  std::erase_if(*packages, [&](const Package& p) { return counts.at(p.*field) < least; });
}

// Maintainer field to the client's name that is written for it.
std::map<std::string, std::string> ClientNames(const Packages& train, const Packages& test) {
  const auto rows = CountBy(train, &Package::maintainer);
  std::set<std::tuple<std::string, int64_t, std::string>> order;  // by name, most rows first
  for (const Packages* side : {&train, &test}) {
    for (const Package& p : *side) {
      const auto found = rows.find(p.maintainer);
      order.emplace(Stanza::Name(p.maintainer), found == rows.end() ? 0 : -found->second,
                    p.maintainer);
    }
  }
  std::map<std::string, std::string> names;
  std::set<std::string> taken;
  for (const auto& [name, minus_rows, maintainer] : order) {
    std::string own = name;
    for (int i = 2; !taken.insert(own).second; ++i) own = fmt::format("{} ({})", name, i);
    names[maintainer] = own;
  }
  return names;
}

std::string ToJsonl(const Packages& packages, const std::map<std::string, std::string>& names) {
  const auto quoted = [](const std::string& text) { return DumpJson(nlohmann::json(text)); };
  std::string out;
  for (const Package& p : packages)
    out += fmt::format("{{\"text\":{},\"label\":{},\"client\":{}}}\n", quoted(p.text),
                       quoted(p.label), quoted(names.at(p.maintainer)));
  return out;
}

}  // namespace

Result<DebianCounts> WriteDebianDataset(std::istream& index, const std::filesystem::path& directory,
                                        const DebianRecipe& recipe) {
  DebianCounts counts;
  ASSIGN_OR_RETURN(Packages train, ReadPackages(index, &counts));
  KeepFirstOfEqualPairs(&train);
  counts.pairs = static_cast<int64_t>(train.size());
  DropSmall(&train, &Package::label, recipe.min_section_rows);
  counts.classes = static_cast<int64_t>(CountBy(train, &Package::label).size());

  const auto test_begin = std::stable_partition(train.begin(), train.end(), [&](const Package& p) {
    return Sha256(p.source).bytes[0] >= recipe.test_below;
  });
  const Packages test(std::make_move_iterator(test_begin), std::make_move_iterator(train.end()));
  train.erase(test_begin, train.end());
  DropSmall(&train, &Package::maintainer, recipe.min_client_rows);
  counts.clients = static_cast<int64_t>(CountBy(train, &Package::maintainer).size());
  counts.train_rows = static_cast<int64_t>(train.size());
  counts.test_rows = static_cast<int64_t>(test.size());
  if (train.empty() || test.empty()) {
    return MakeError(
        Code::kFailedPrecondition,
        "package index: {} packages ({} skipped) give {} sections of {} rows, {} maintainers of {} "
        "training rows and {} test rows; is the index there (apt-get update)?",
        counts.packages, counts.skipped, counts.classes, recipe.min_section_rows, counts.clients,
        recipe.min_client_rows, counts.test_rows);
  }
  const auto names = ClientNames(train, test);
  RETURN_IF_ERROR(MakeDirectories(directory));
  RETURN_IF_ERROR(WriteFile(directory / "test.jsonl", ToJsonl(test, names)));
  RETURN_IF_ERROR(WriteFile(directory / "train.jsonl", ToJsonl(train, names)));
  return counts;
}

}  // namespace tributary::data
