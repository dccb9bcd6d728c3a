#pragma once
// What every message is made of, and its limits.

#include <string>
#include <variant>
#include <vector>

#include "aggregation/base/task.h"

namespace tributary::proto {

inline constexpr int64_t kMajor = 1, kMinor = 0;

// Limits of what a peer may send; more is INVALID_ARGUMENT.
inline constexpr size_t kMaxMessage = size_t{4} << 20;  // bytes of any message
inline constexpr size_t kMaxChunk = size_t{1} << 20;    // bytes of data in a chunk
inline constexpr size_t kMaxText = 1024;                // bytes of a string that is no document
inline constexpr size_t kMaxDocument = size_t{3} << 20;
inline constexpr size_t kMaxList = 16'384;  // entries of a list

// --- kinds of strings; a plain one is a line of text of at most kMaxText bytes ---

struct Bytes {  // at most kMaxChunk
  std::string value;
  bool operator==(const Bytes&) const = default;
};
struct Text {  // a document, at most kMaxDocument bytes
  std::string value;
  bool operator==(const Text&) const = default;
};

struct Document {
  static constexpr std::string_view kName = "Document";
  Text json;
  static void Fields(auto& m, auto&& f) { f("json", m.json); }
  bool operator==(const Document&) const = default;
};

}  // namespace tributary::proto
