#pragma once
// How `tributary watch` shows a run, from the documents that a coordinator gives. Pure.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace tributary {

// What is known of a run now.
struct RunPicture {
  nlohmann::ordered_json status;   // of Admin/Watch
  nlohmann::ordered_json rounds;   // of Admin/Rounds; null where it is not known
  nlohmann::ordered_json clients;  // of Admin/Clients; null where the caller may not see them
  std::string link;                // why the coordinator does not answer; empty: it does
  std::optional<int64_t> until;    // Unix seconds at which it waits no longer
};

struct Look {
  size_t width = 80;
  bool colour = false, utf8 = false;
  int64_t now = 0;  // Unix seconds
};

// The lines of a terminal, none wider than it is.
std::vector<std::string> ViewOf(const RunPicture& picture, const Look& look);
// All in one line, for what is no terminal.
std::string LineOf(const RunPicture& picture);
// The status with `figures`: accuracy, bytes, rate, clients by state. One JSON object.
nlohmann::ordered_json JsonOf(const RunPicture& picture);

}  // namespace tributary
