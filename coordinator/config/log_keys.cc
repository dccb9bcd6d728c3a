#include "coordinator/config/log_keys.h"

namespace tributary::config {

void AddLogKeys(LogOptions& o, std::vector<Key>* keys) {
  keys->push_back({"log.level",
                   &o.level,
                   false,
                   "What is told: this and what is graver.",
                   0,
                   0,
                   {"debug", "info", "warning", "error"}});
  keys->push_back(
      {"log.format", &o.format, false, "Lines of text, or of JSON.", 0, 0, {"text", "json"}});
  keys->push_back({"log.file", &o.file, false, "A file beside standard error; when absent, none."});
  keys->push_back({"log.max_size", &o.max_size, false,
                   "Size of the file beyond which a new one is begun, such as \"16MiB\"."});
  keys->push_back({"log.files", &o.files, false, "Older files that are kept.", 1, 1000});
}

}  // namespace tributary::config
