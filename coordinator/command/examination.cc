#include "coordinator/command/examination.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "aggregation/base/json.h"

namespace tributary {
namespace {

constexpr std::string_view kLevels[] = {"ok", "warning", "fault"};

}  // namespace

void Examination::Ok(std::string check, std::string found) {
  findings_.push_back({Finding::kOk, std::move(check), std::move(found), ""});
}
void Examination::Warn(std::string check, std::string found, std::string advice) {
  findings_.push_back({Finding::kWarning, std::move(check), std::move(found), std::move(advice)});
}
void Examination::Fault(std::string check, std::string found, std::string advice) {
  findings_.push_back({Finding::kFault, std::move(check), std::move(found), std::move(advice)});
}

int64_t Examination::Count(Finding::Level level) const {
  return std::count_if(findings_.begin(), findings_.end(),
                       [level](const Finding& f) { return f.level == level; });
}

std::string Examination::AsText() const {
  std::string text;
  for (const Finding& f : findings_)
    text += fmt::format("{:8} {:13} {}{}\n", kLevels[f.level], f.check, f.found,
                        f.advice.empty() ? "" : "; " + f.advice);
  const int64_t faults = Count(Finding::kFault), warnings = Count(Finding::kWarning);
  return text + fmt::format("{} fault{}, {} warning{}\n", faults, faults == 1 ? "" : "s", warnings,
                            warnings == 1 ? "" : "s");
}

std::string Examination::AsJson(std::string_view kind) const {
  nlohmann::ordered_json json = {{"schema", 1},
                                 {"kind", kind},
                                 {"faults", Count(Finding::kFault)},
                                 {"warnings", Count(Finding::kWarning)},
                                 {"findings", nlohmann::ordered_json::array()}};
  for (const Finding& f : findings_)
    json["findings"].push_back({{"check", f.check},
                                {"level", kLevels[f.level]},
                                {"found", f.found},
                                {"advice", f.advice}});
  return DumpJson(json);
}

}  // namespace tributary
