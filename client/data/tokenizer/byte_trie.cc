#include "client/data/tokenizer/byte_trie.h"

#include <utility>

namespace tributary::data {

ByteTrie::Added ByteTrie::Insert(std::string_view key, int32_t value) {
  Node node = kRoot;
  for (size_t i = 0; i < key.size(); ++i) {
    const uint32_t edge = EdgeOf(node, key[i]);
    Slot& slot = slots_[Find(edge)];
    const bool last = i + 1 == key.size();
    if (slot.child != kNoNode) {
      if (last && slot.value >= 0) return Added::kKnown;
      if (last) slot.value = value;
      node = slot.child;
      continue;
    }
    if (nodes_ == kMaxNodes) return Added::kFull;
    node = nodes_++;
    slot = {edge, node, last ? value : -1};
    if (size_t{nodes_} * 2 > slots_.size()) Grow();
  }
  return Added::kNew;
}

ByteTrie::Node ByteTrie::Walk(std::string_view prefix) const {
  Node node = kRoot;
  for (size_t i = 0; i < prefix.size() && node != kNoNode; ++i)
    node = slots_[Find(EdgeOf(node, prefix[i]))].child;
  return node;
}

void ByteTrie::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  std::swap(old, slots_);
  --shift_;
  for (const Slot& slot : old)
    if (slot.child != kNoNode) slots_[Find(slot.edge)] = slot;
}

}  // namespace tributary::data
