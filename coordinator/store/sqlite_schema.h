#pragma once
// The database's tables, their versions and the way from each version to the next.

#include "coordinator/store/sqlite.h"

namespace tributary::store {

// Sets the connection up (write-ahead log, full syncs, one writer), makes a new database, brings an
// older one up to date. FAILED_PRECONDITION if a newer program wrote it or another program did.
Status PrepareSchema(const Database& database);

}  // namespace tributary::store
