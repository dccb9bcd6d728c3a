#include "coordinator/service/refusals.h"

#include <nlohmann/json.hpp>

namespace tributary::service {

void Refusals::Tell(Refusal reason, const Caller& caller, std::string_view what, const Error& why) {
  const std::string word(kRefusals[static_cast<size_t>(reason)]);
  const std::string who = caller.name.empty() ? HostOf(caller.address) : caller.name;
  if (!told_of_.Take(word + "/" + who, SteadyNow()) || !told_.Take("", SteadyNow()))
    return void(++untold_);
  const int64_t untold = untold_.exchange(0);
  log_.Warning("refused", {{"reason", word},
                           {"what", std::string(what)},
                           {"name", caller.name},
                           {"role", caller.role},
                           {"address", caller.address},
                           {"error", why.message},
                           {"untold", untold}});
  (void)trail_.Note({caller.name, caller.role, caller.serial, caller.address}, what,
                    {{"refused", word}, {"refused_and_not_noted", untold}}, tl::unexpected(why));
}

std::vector<std::pair<std::string_view, int64_t>> Refusals::counts() const {
  std::vector<std::pair<std::string_view, int64_t>> counts;
  for (size_t i = 0; i < kRefusals.size(); ++i) counts.emplace_back(kRefusals[i], counts_[i]);
  return counts;
}

}  // namespace tributary::service
