#include "client/data/partition.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <queue>

#include "aggregation/base/random.h"
#include "aggregation/base/suggest.h"

namespace tributary::data {
namespace {

using Rows = std::vector<int64_t>;

struct SchemeName {
  Scheme scheme;
  std::string_view name;
};
constexpr SchemeName kSchemes[] = {
    {Scheme::kByClient, "by-client"}, {Scheme::kIid, "iid"}, {Scheme::kDirichlet, "dirichlet"}};

// Logarithm of a Gamma(alpha, 1) draw (Marsaglia and Tsang, "A simple method for generating gamma
// variables", 2000; for alpha < 1 by Gamma(alpha + 1) * U^(1 / alpha)). The logarithm, since tiny
// alphas give variates below the smallest double.
double LogGamma(double alpha, Random* random) {
  double boost = 0;
  if (alpha < 1) {
    boost = std::log(1.0 - random->Uniform()) / alpha;
    alpha += 1;
  }
  const double d = alpha - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = random->Normal();
    const double root = 1.0 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    const double u = 1.0 - random->Uniform();
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v))
      return boost + std::log(d) + std::log(v);
  }
}

std::vector<std::string> NumberedNames(int64_t count) {
  const size_t digits = std::max<size_t>(4, fmt::formatted_size("{}", count - 1));
  std::vector<std::string> names;
  for (int64_t i = 0; i < count; ++i) names.push_back(fmt::format("client-{:0{}}", i, digits));
  return names;
}

// One label's shares, which add up to 1, one stream per label and client.
std::vector<double> DirichletShares(const PartitionPlan& plan, std::string_view label,
                                    const std::vector<std::string>& names) {
  std::vector<double> shares;
  for (const std::string& name : names) {
    Random random(plan.seed, "partition-dirichlet", {label, name});
    shares.push_back(LogGamma(plan.alpha, &random));
  }
  const double largest = *std::ranges::max_element(shares);
  for (double& share : shares) share = std::exp(share - largest);
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

using Members = std::map<std::string, Rows>;  // client name to rows

Result<Members> ByClient(std::span<const Example> examples) {
  Members members;
  for (size_t row = 0; row < examples.size(); ++row) {
    if (examples[row].client.empty())
      return InvalidArgument(
          "partition \"by-client\" needs a client column, and row {} has no client", row);
    members[examples[row].client].push_back(static_cast<int64_t>(row));
  }
  return members;
}

Members Iid(std::span<const Example> examples, const PartitionPlan& plan) {
  Rows rows(examples.size());
  std::iota(rows.begin(), rows.end(), 0);
  Random random(plan.seed, "partition-iid");
  random.Shuffle(std::span(rows));
  Members members;
  const auto names = NumberedNames(plan.clients);
  for (size_t i = 0; i < names.size(); ++i) {
    const size_t begin = rows.size() * i / names.size(), end = rows.size() * (i + 1) / names.size();
    members[names[i]].assign(rows.begin() + static_cast<ptrdiff_t>(begin),
                             rows.begin() + static_cast<ptrdiff_t>(end));
  }
  return members;
}

// While a client has no row, the rows are at least as many as the clients, so another has two.
void GiveEveryoneARow(Members* members) {
  using Entry = std::pair<size_t, Members::iterator>;
  const auto poorer = [](const Entry& a, const Entry& b) {
    return a.first != b.first ? a.first < b.first : a.second->first > b.second->first;
  };
  std::priority_queue<Entry, std::vector<Entry>, decltype(poorer)> richest(poorer);
  for (auto client = members->begin(); client != members->end(); ++client)
    richest.emplace(client->second.size(), client);
  for (auto& [name, rows] : *members) {
    if (!rows.empty()) continue;
    const auto giver = richest.top().second;
    richest.pop();
    rows.push_back(giver->second.back());
    giver->second.pop_back();
    richest.emplace(giver->second.size(), giver);
  }
}

Members Dirichlet(std::span<const Example> examples, const PartitionPlan& plan) {
  std::map<std::string_view, Rows> by_label;
  for (size_t row = 0; row < examples.size(); ++row)
    by_label[examples[row].label].push_back(static_cast<int64_t>(row));
  const auto names = NumberedNames(plan.clients);
  Members members;
  for (const std::string& name : names) members[name];
  for (auto& [label, rows] : by_label) {
    Random random(plan.seed, "partition-dirichlet-rows", {label});
    random.Shuffle(std::span(rows));
    const auto shares = DirichletShares(plan, label, names);
    double cumulated = 0;
    size_t begin = 0;
    for (size_t i = 0; i < names.size(); ++i) {
      cumulated += shares[i];
      const auto cut =
          static_cast<size_t>(std::min(cumulated, 1.0) * static_cast<double>(rows.size()) + 0.5);
      const size_t end = i + 1 == names.size() ? rows.size() : std::min(cut, rows.size());
      Rows& own = members[names[i]];
      own.insert(own.end(), rows.begin() + static_cast<ptrdiff_t>(begin),
                 rows.begin() + static_cast<ptrdiff_t>(end));
      begin = end;
    }
  }
  GiveEveryoneARow(&members);
  return members;
}

// Moves the held-out share of a client's rows, which are in the order of the data.
ClientRows HoldOut(std::string name, Rows rows, const PartitionPlan& plan) {
  const auto wanted = static_cast<size_t>(plan.holdout * static_cast<double>(rows.size()) + 0.5);
  const size_t count = std::min(wanted, rows.size() - 1);
  ClientRows client{.name = std::move(name), .train = std::move(rows)};
  if (count == 0) return client;
  Random random(plan.seed, "holdout", {client.name});
  random.Shuffle(std::span(client.train));
  const auto middle = client.train.begin() + static_cast<ptrdiff_t>(count);
  client.held_out.assign(client.train.begin(), middle);
  client.train.erase(client.train.begin(), middle);
  std::ranges::sort(client.held_out);
  std::ranges::sort(client.train);
  return client;
}

Status CheckPlan(size_t rows, const PartitionPlan& plan) {
  if (!(plan.holdout >= 0 && plan.holdout < 1))
    return InvalidArgument("holdout is {}, expected at least 0 and below 1", plan.holdout);
  if (plan.scheme == Scheme::kByClient) return {};
  if (plan.clients < 1 || plan.clients > kMaxClients)
    return InvalidArgument("clients is {}, expected 1 to {}", plan.clients, kMaxClients);
  if (static_cast<size_t>(plan.clients) > rows)
    return InvalidArgument("{} clients cannot each have one of {} rows", plan.clients, rows);
  if (plan.scheme == Scheme::kDirichlet && !(plan.alpha > 0 && std::isfinite(plan.alpha)))
    return InvalidArgument("alpha is {}, expected a number above 0", plan.alpha);
  return {};
}

}  // namespace

Result<Scheme> ParseScheme(std::string_view name) {
  std::vector<std::string> names;
  for (const SchemeName& row : kSchemes) {
    if (row.name == name) return row.scheme;
    names.emplace_back(row.name);
  }
  return InvalidArgument("unknown partition \"{}\", expected one of {}{}", name,
                         fmt::join(names, ", "), DidYouMean(name, names));
}

Result<std::vector<ClientRows>> MakePartition(std::span<const Example> examples,
                                              const PartitionPlan& plan) {
  RETURN_IF_ERROR(CheckPlan(examples.size(), plan));
  Members members;
  if (plan.scheme == Scheme::kByClient) {
    ASSIGN_OR_RETURN(members, ByClient(examples));
  } else {
    members = plan.scheme == Scheme::kIid ? Iid(examples, plan) : Dirichlet(examples, plan);
  }
  std::vector<ClientRows> clients;
  for (auto& [name, rows] : members) {
    std::ranges::sort(rows);
    clients.push_back(HoldOut(name, std::move(rows), plan));
  }
  return clients;
}

}  // namespace tributary::data
