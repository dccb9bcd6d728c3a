#pragma once
// Which kinds of arithmetic a run's updates came from: equal bytes are promised within one.

#include <map>
#include <set>
#include <string>

#include "coordinator/core/record.h"

namespace tributary::report {

// What decides the bytes of a client's arithmetic: "tributary-1 on cpu".
std::string KindOf(const coordinator::ClientDescribed& client);

using Kinds = std::map<std::string, std::set<ClientId>>;  // clients by their kind

// "tributary-1 on cpu (site-0 and 3 more), tributary-1 on cuda (site-4)"; of one kind, nothing.
std::string MixtureText(const Kinds& kinds);

}  // namespace tributary::report
