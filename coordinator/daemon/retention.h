#pragma once
// What a coordinator keeps of a run. Journals, with the digest of everything, are kept for ever.

#include <string>

namespace tributary::daemon {

struct Retention {
  std::string updates =
      "none";  // of clients, after their stage: "none", "last" (of the last round) or "all"
  std::string states = "all";  // that were published: "all", or "last" with the best
};

}  // namespace tributary::daemon
