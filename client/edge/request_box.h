#pragma once
// What people at the site ask of their client: files in its directory, which whoever may write
// there puts down and the client takes up, at once when it runs or else when it is next started.
// Durable.

#include <filesystem>
#include <optional>
#include <vector>

#include "aggregation/base/ids.h"
#include "aggregation/base/status.h"

namespace tributary::edge {

struct Request {
  std::string verb;  // approve, decline, withdraw; status, which is a question
  RunId run;
  std::string name;  // of its file
};

struct Answer {
  bool is_done = false;
  std::string text;
};

class RequestBox {
 public:
  // `directory` is the client's.
  explicit RequestBox(const std::filesystem::path& directory)
      : directory_(directory / "requests") {}

  // --- the person's side ---
  Result<std::string> Put(const std::string& verb, const RunId& run) const;  // its name
  // What the client said, or nothing when it does not within that time.
  std::optional<Answer> Wait(const std::string& name, Duration most) const;
  void TakeBack(const std::string& name) const;  // what nobody has taken up

  // --- the client's side, one thread ---
  Status Open() const;  // makes the directory, which is its owner's alone; drops old answers
  std::vector<Request> Take() const;  // oldest first; without words where it cannot be read
  // The request is done with.
  Status Reply(const Request& request, const Answer& answer) const;

 private:
  std::filesystem::path directory_;
};

}  // namespace tributary::edge
