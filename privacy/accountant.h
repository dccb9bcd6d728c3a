#pragma once
// Adds up what events cost. A member of the family says what it can account for before it composes,
// and refuses the rest: never a guess. One thread at a time; an accountant is a value, so a copy
// can be asked "what if".

#include <optional>

#include "privacy/privacy_event.h"

namespace tributary::privacy {

struct Spent {
  double epsilon = 0;  // may be +infinity
  double delta = 0;
  std::optional<double> order;  // the Renyi order that gave it, where there is one
  bool order_at_edge = false;   // first or last of the grid: a finer grid might give less; warn
};

class Accountant {
 public:
  virtual ~Accountant() = default;

  // An error that says why, if the event's parameters are out of range or the pair of event and
  // neighbour relation has no analysis here.
  virtual Status Supports(const PrivacyEvent& event) const = 0;

  // Adds `count` >= 0 occurrences. An error leaves the accountant as it was.
  virtual Status Compose(const PrivacyEvent& event, int64_t count) = 0;

  // Total loss so far; 0 < delta < 1.
  virtual Result<Spent> Epsilon(double delta) const = 0;
  // epsilon >= 0, +infinity allowed. At most 1.
  virtual Result<double> Delta(double epsilon) const = 0;
};

}  // namespace tributary::privacy
