#pragma once
// The digests by which a damaged store is found. A run's chain begins with the digest of its name;
// each record's digest covers its predecessor's digest, its own sequence number and its bytes, so a
// record that is changed, lost, repeated, moved or brought from another run breaks the chain there.
// Part of the stored format: changing a formula needs a new schema version.

#include "aggregation/base/digest.h"

namespace tributary::store {

Digest ChainStart(std::string_view run);
Digest ChainNext(const Digest& previous, int64_t sequence, std::string_view bytes);
// Covers the chain up to the snapshot's last record.
Digest SnapshotDigest(const Digest& head, int64_t through, std::string_view bytes);
Digest FactDigest(std::string_view run, std::string_view key, std::string_view value);

}  // namespace tributary::store
