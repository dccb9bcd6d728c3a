#pragma once
// The site's journal of what it has sent: a chained log (privacy/audit) in which a line is durable
// before the first of the bytes that it names leaves. Repetitions are lines of their own. Not in
// it: that the client is there and which task it holds, its words of progress, and what it asks
// for.

#include "privacy/audit/log.h"
#include "proto/message.h"

namespace tributary::edge {

class SentLog {
 public:
  // DATA_LOSS, naming the place, when it is not what was written.
  static Result<SentLog> Open(const std::filesystem::path& directory);

  // After an error nothing may be sent. Hello is one thread's, and a line only where it says
  // something else than in this process before.
  Status Hello(const std::string& coordinator, const proto::Hello& hello);
  // Any thread.
  Status Standing(const RunId& run, std::string_view standing);
  Status Upload(const Task& task, const proto::UploadBegin& upload);
  Status Offer(const Task& task, const proto::Offer& offer);
  Status Failure(const Task& task, const proto::Failure& failure);

  const std::string& notice() const { return log_->notice(); }

 private:
  explicit SentLog(std::unique_ptr<audit::Log> log) : log_(std::move(log)) {}
  std::unique_ptr<audit::Log> log_;
  std::optional<proto::Hello> hello_;  // the last in the log
};

}  // namespace tributary::edge
