#pragma once
// What `tributary doctor` finds, and what is to be done about it.

#include <string>
#include <vector>

#include "aggregation/base/status.h"

namespace tributary {

struct Finding {
  enum Level { kOk, kWarning, kFault } level = kOk;
  std::string check;  // "disk", a stable word
  std::string found, advice;
};

class Examination {
 public:
  void Ok(std::string check, std::string found);
  void Warn(std::string check, std::string found, std::string advice);
  void Fault(std::string check, std::string found, std::string advice);

  void Take(Finding finding) { findings_.push_back(std::move(finding)); }

  const std::vector<Finding>& findings() const { return findings_; }
  int64_t Count(Finding::Level level) const;
  std::string AsText() const;
  std::string AsJson(std::string_view kind) const;  // one object

 private:
  std::vector<Finding> findings_;
};

}  // namespace tributary
