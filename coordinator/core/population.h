#pragma once
// Who may take part, who is there, and who is drawn. A draw is a function of the set of names and
// of (seed, round, attempt): the order in which clients came cannot matter.
// Cost: about 50 bytes per client; a bulk change of k names O(n + k log k), of known names
// O(k log n); a uniform draw O(cohort log cohort) plus, when somebody came or went, one pass.

#include <optional>
#include <span>
#include <vector>

#include "coordinator/core/run_plan.h"

namespace tributary::coordinator {

class Population {
 public:
  void Enrol(std::span<const ClientId> names);       // known from now on; keeps who is connected
  void Connect(std::span<const ClientId> names);     // enrols whoever is new
  void Disconnect(std::span<const ClientId> names);  // stays enrolled
  void Remove(std::span<const ClientId> names);      // is forgotten

  bool IsConnected(const ClientId& name) const;
  int64_t enrolled() const { return static_cast<int64_t>(entries_.size()); }
  int64_t connected() const { return connected_; }

  // The cohort of a training stage, sorted by name; empty while too few are there to draw from.
  std::optional<std::vector<ClientId>> DrawCohort(const RunPlan& plan, int64_t round,
                                                  int64_t attempt) const;
  std::vector<ClientId> Connected() const;  // sorted by name

 private:
  struct Entry {
    ClientId name;
    bool is_connected = false;
  };
  Entry* Find(const ClientId& name);
  void Add(std::span<const ClientId> names, bool are_connected);
  void SetConnected(Entry& entry, bool is_connected);
  const ClientId& ConnectedAt(uint64_t index) const;

  std::vector<Entry> entries_;  // sorted by name
  int64_t connected_ = 0;
  mutable std::vector<uint32_t> connected_index_;  // positions in entries_; empty: to be rebuilt
};

}  // namespace tributary::coordinator
