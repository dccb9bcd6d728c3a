#include "aggregation/base/version.h"
#include "client/trainer_module.h"
#include "deploy/commands.h"

namespace tributary {

std::string VersionText() {
  return fmt::format("tributary {}, numerics {}, built with {} {}, training interface {}", kVersion,
                     kNumerics,
#ifdef __clang__
                     "Clang", __clang_version__,
#else
                     "GCC", __VERSION__,
#endif
                     client::kTrainerInterface);
}

}  // namespace tributary
