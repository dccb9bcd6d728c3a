#pragma once
// How commands reach the client of a configuration: through its directory.

#include "client/edge/request_box.h"

namespace tributary {

// NOT_FOUND where no client has run with it yet.
Result<edge::RequestBox> BoxOf(const std::string& config);

}  // namespace tributary
