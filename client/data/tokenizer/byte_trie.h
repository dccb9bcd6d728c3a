#pragma once
// A set of byte strings, each with a number, that is asked for the longest one a text begins with.
// The edges of the trie lie in one flat hash table keyed by (node, byte): building is linear in the
// bytes of the keys, and a step is a multiplication and, mostly, one cache line.
// Immutable once built; then any number of threads may ask.

#include <cstdint>
#include <string_view>
#include <vector>

namespace tributary::data {

class ByteTrie {
 public:
  using Node = uint32_t;
  static constexpr Node kRoot = 0;
  static constexpr Node kNoNode = ~Node{0};
  static constexpr size_t kMaxNodes = size_t{1} << 24;

  enum class Added { kNew, kKnown, kFull };
  struct Match {
    int32_t value = -1;
    size_t length = 0;  // 0: no key
  };

  ByteTrie() : slots_(16), shift_(60) {}

  // Adds a key, not empty, with a value, not negative. A known key keeps the value that it has.
  Added Insert(std::string_view key, int32_t value);

  // The node that `prefix` leads to, or kNoNode.
  Node Walk(std::string_view prefix) const;

  // The longest key, less the bytes that lead to `from`, that `text` begins with.
  Match Longest(std::string_view text, Node from = kRoot) const {
    Match match;
    for (size_t i = 0; i < text.size(); ++i) {
      const Slot& slot = slots_[Find(EdgeOf(from, text[i]))];
      if (slot.child == kNoNode) break;
      if (slot.value >= 0) match = {slot.value, i + 1};
      from = slot.child;
    }
    return match;
  }

 private:
  struct Slot {
    uint32_t edge = 0;
    Node child = kNoNode;  // kNoNode: the slot is free
    int32_t value = -1;    // of the key that ends with this edge
  };
  static uint32_t EdgeOf(Node node, char byte) {
    return (node << 8) | static_cast<unsigned char>(byte);
  }
  // The slot that holds the edge, or the free one where it would stand.
  size_t Find(uint32_t edge) const {
    size_t i = (edge * uint64_t{0x9E3779B97F4A7C15}) >> shift_;
    while (slots_[i].child != kNoNode && slots_[i].edge != edge) i = (i + 1) & (slots_.size() - 1);
    return i;
  }
  void Grow();

  std::vector<Slot> slots_;  // a power of two, at most half of them used
  int shift_;                // 64 less that power
  Node nodes_ = 1;
};

}  // namespace tributary::data
