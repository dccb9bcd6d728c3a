#pragma once
// The texts that `predict` answers: plain lines, JSON lines, or rows of a table file. Nothing is
// skipped, since there is one answer for each: a record that cannot be read is an error.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aggregation/base/status.h"

namespace tributary::client {

class TextInput {
 public:
  struct Text {
    std::string first;
    std::optional<std::string> second;
  };
  virtual ~TextInput() = default;
  virtual Result<bool> Next(Text* text) = 0;  // false at the end
  virtual bool IsReady() const = 0;           // nothing is waited for long

  // `file` empty: standard input. `columns` as given on the command line ("text" or "a,b"), may be
  // empty. `pair`: the model was trained on pairs; another number of columns is an error.
  static Result<std::unique_ptr<TextInput>> Open(const std::string& file,
                                                 const std::string& columns, bool pair);
};

// "a,b" as two names. One or two, none of them empty.
Result<std::vector<std::string>> SplitColumns(const std::string& columns);

}  // namespace tributary::client
