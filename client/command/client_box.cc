#include "client/command/client_box.h"

#include "client/edge/settings.h"

namespace tributary {

Result<edge::RequestBox> BoxOf(const std::string& config) {
  ASSIGN_OR_RETURN(const edge::Settings settings, edge::ReadSettings(config));
  std::error_code error;
  if (!std::filesystem::is_directory(settings.directory, error))
    return MakeError(Code::kNotFound, "{}: no client has run with {} yet",
                     settings.directory.string(), config);
  return edge::RequestBox(settings.directory);
}

}  // namespace tributary
