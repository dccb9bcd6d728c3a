#include "coordinator/core/population.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "aggregation/base/random.h"

namespace tributary::coordinator {
namespace {

// Floyd's algorithm (Bentley and Floyd, "A sample of brilliance", CACM 1987): `count` distinct
// numbers below `bound`, every subset equally likely, in O(count log count).
std::set<uint64_t> UniformSubset(Random& random, uint64_t bound, uint64_t count) {
  std::set<uint64_t> chosen;
  for (uint64_t i = bound - count; i < bound; ++i) {
    const uint64_t candidate = random.Below(i + 1);
    if (!chosen.insert(candidate).second) chosen.insert(i);
  }
  return chosen;
}

// Each number below `bound` by an independent coin of the given rate, through the geometric gaps
// between heads: O(rate × bound).
std::vector<uint64_t> PoissonSubset(Random& random, uint64_t bound, double rate) {
  std::vector<uint64_t> chosen;
  const double log_tail = std::log1p(-rate);  // -inf at rate 1: every gap is 0
  for (uint64_t next = 0; next < bound; ++next) {
    const double gap = std::floor(std::log1p(-random.Uniform()) / log_tail);
    if (gap >= static_cast<double>(bound - next)) break;
    next += static_cast<uint64_t>(gap);
    chosen.push_back(next);
  }
  return chosen;
}

}  // namespace

void Population::Enrol(std::span<const ClientId> names) { Add(names, false); }

void Population::Connect(std::span<const ClientId> names) { Add(names, true); }

// Clients that are known already are only ever made to be connected here.
void Population::Add(std::span<const ClientId> names, bool are_connected) {
  std::vector<Entry> fresh;
  for (const ClientId& name : names) {
    Entry* known = Find(name);
    if (known == nullptr) fresh.push_back({name, are_connected});
    if (known != nullptr && are_connected) SetConnected(*known, true);
  }
  if (fresh.empty()) return;
  const auto before = [](const Entry& a, const Entry& b) { return a.name < b.name; };
  const auto same = [](const Entry& a, const Entry& b) { return a.name == b.name; };
  if (!std::is_sorted(fresh.begin(), fresh.end(), before)) {
    std::sort(fresh.begin(), fresh.end(), before);
  }
  fresh.erase(std::unique(fresh.begin(), fresh.end(), same), fresh.end());
  if (are_connected) connected_ += static_cast<int64_t>(fresh.size());

  const auto middle = static_cast<std::ptrdiff_t>(entries_.size());
  entries_.reserve(entries_.size() + fresh.size());
  std::move(fresh.begin(), fresh.end(), std::back_inserter(entries_));
  std::inplace_merge(entries_.begin(), entries_.begin() + middle, entries_.end(), before);
  connected_index_.clear();
}

void Population::Disconnect(std::span<const ClientId> names) {
  for (const ClientId& name : names) {
    if (Entry* entry = Find(name); entry != nullptr) SetConnected(*entry, false);
  }
}

void Population::SetConnected(Entry& entry, bool is_connected) {
  if (entry.is_connected == is_connected) return;
  entry.is_connected = is_connected;
  connected_ += is_connected ? 1 : -1;
  connected_index_.clear();
}

void Population::Remove(std::span<const ClientId> names) {
  Disconnect(names);
  const std::set<ClientId> gone(names.begin(), names.end());
  std::erase_if(entries_, [&](const Entry& entry) { return gone.contains(entry.name); });
  connected_index_.clear();
}

Population::Entry* Population::Find(const ClientId& name) {
  const auto before = [](const Entry& entry, const ClientId& id) { return entry.name < id; };
  const auto it = std::lower_bound(entries_.begin(), entries_.end(), name, before);
  return it != entries_.end() && it->name == name ? &*it : nullptr;
}

bool Population::IsConnected(const ClientId& name) const {
  const Entry* entry = const_cast<Population*>(this)->Find(name);
  return entry != nullptr && entry->is_connected;
}

const ClientId& Population::ConnectedAt(uint64_t index) const {
  if (connected_ == enrolled()) return entries_[index].name;
  if (connected_index_.empty()) {
    for (uint32_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].is_connected) connected_index_.push_back(i);
    }
  }
  return entries_[connected_index_[index]].name;
}

std::vector<ClientId> Population::Connected() const {
  std::vector<ClientId> names;
  names.reserve(static_cast<size_t>(connected_));
  for (const Entry& entry : entries_) {
    if (entry.is_connected) names.push_back(entry.name);
  }
  return names;
}

std::optional<std::vector<ClientId>> Population::DrawCohort(const RunPlan& plan, int64_t round,
                                                            int64_t attempt) const {
  const bool from_enrolled = plan.DrawsFromEnrolled();
  const int64_t available = from_enrolled ? enrolled() : connected_;
  if (available < std::max<int64_t>(plan.cohort.value_or(plan.minimum), 1)) return std::nullopt;
  const auto at = [&](uint64_t i) { return from_enrolled ? entries_[i].name : ConnectedAt(i); };
  const auto bound = static_cast<uint64_t>(available);

  Random random(plan.cohort_seed, "cohort", {std::to_string(round), std::to_string(attempt)});
  std::vector<ClientId> cohort;
  if (plan.sampling_rate) {
    for (uint64_t i : PoissonSubset(random, bound, *plan.sampling_rate)) cohort.push_back(at(i));
  } else if (!plan.cohort) {
    for (uint64_t i = 0; i < bound; ++i) cohort.push_back(at(i));
  } else {
    const double wanted = std::ceil(static_cast<double>(*plan.cohort) * plan.over_selection);
    const uint64_t invited = std::min(static_cast<uint64_t>(wanted), bound);
    for (uint64_t i : UniformSubset(random, bound, invited)) cohort.push_back(at(i));
  }
  return cohort;
}

}  // namespace tributary::coordinator
