#include "coordinator/store/chain.h"

namespace tributary::store {

Digest ChainStart(std::string_view run) {
  return Sha256(fmt::format("run {}:{}", run.size(), run));
}

Digest ChainNext(const Digest& previous, int64_t sequence, std::string_view bytes) {
  const std::string head = fmt::format("record {} after {}:", sequence, previous.Hex());
  return Hasher().Update(head).Update(bytes).Finish();
}

Digest SnapshotDigest(const Digest& head, int64_t through, std::string_view bytes) {
  const std::string start = fmt::format("snapshot through {} at {}:", through, head.Hex());
  return Hasher().Update(start).Update(bytes).Finish();
}

Digest FactDigest(std::string_view run, std::string_view key, std::string_view value) {
  const std::string start = fmt::format("fact {}:{} {}:{}:", run.size(), run, key.size(), key);
  return Hasher().Update(start).Update(value).Finish();
}

}  // namespace tributary::store
