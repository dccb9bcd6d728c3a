#pragma once
// Which client holds which rows, and which of them it holds out for evaluation.
//
// Every row belongs to exactly one client; clients are sorted bytewise by name; a client's rows are
// in the order of the data. Draws come from streams named by purpose and client name (and label),
// so what a client draws depends on nothing but the seed, its name and its own rows.

#include <span>

#include "client/data/dataset.h"

namespace tributary::data {

enum class Scheme { kByClient, kIid, kDirichlet };
Result<Scheme> ParseScheme(std::string_view name);  // "by-client", "iid", "dirichlet"

inline constexpr int64_t kMaxClients = 1'000'000;

struct PartitionPlan {
  Scheme scheme = Scheme::kByClient;
  int64_t clients = 0;  // iid and dirichlet: how many
  double alpha = 0;     // dirichlet: concentration; small is skewed, large is even
  double holdout = 0;   // in [0, 1): share of each client's rows that is held out
  uint64_t seed = 0;
};

struct ClientRows {
  std::string name;
  std::vector<int64_t> train = {};     // never empty
  std::vector<int64_t> held_out = {};  // may be empty
};

// by-client: the column's values are the clients.
// iid: a shuffled row order is cut into `clients` runs that differ by at most one row.
// dirichlet: for each label, the clients' shares are one draw from a symmetric Dirichlet(alpha)
//   (Hsu, Qi, Brown, 2019), and the label's shuffled rows are cut at the cumulated shares. A client
//   left without rows is given one by the client that then has most (the first by name of equals).
// Clients of the last two are named client-0000, client-0001, ..., with as many digits as needed.
//
// Held out: the share rounded to the nearest row count, a half upwards, of the client's rows in an
// order drawn for it; never its last training row. So a client with one row trains on it and holds
// out none, and so do clients with too few rows for the share.
Result<std::vector<ClientRows>> MakePartition(std::span<const Example> examples,
                                              const PartitionPlan& plan);

}  // namespace tributary::data
