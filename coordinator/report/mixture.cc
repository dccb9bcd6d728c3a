#include "coordinator/report/mixture.h"

#include <fmt/format.h>

namespace tributary::report {

std::string KindOf(const coordinator::ClientDescribed& client) {
  return client.numerics + " on " + client.device;
}

std::string MixtureText(const Kinds& kinds) {
  std::string text;
  if (kinds.size() < 2) return text;
  for (const auto& [kind, clients] : kinds) {
    const size_t others = clients.size() - 1;
    text += fmt::format("{}{} ({}{})", text.empty() ? "" : ", ", kind, clients.begin()->value,
                        others > 0 ? fmt::format(" and {} more", others) : "");
  }
  return text;
}

}  // namespace tributary::report
