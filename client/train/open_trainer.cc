#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>

#include "client/trainer_module.h"

namespace tributary::client {
namespace {

std::vector<std::filesystem::path> Candidates() {
  if (const char* given = std::getenv("TRIBUTARY_TORCH_MODULE")) return {given};
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  return {program / "tributary-torch.so",
          program.parent_path() / "lib/tributary/tributary-torch.so"};
}

}  // namespace

void LimitGpuMemory(double share) {
  if (share >= 1) return;
  constexpr const char* kVariable = "PYTORCH_CUDA_ALLOC_CONF";  // read when libtorch is loaded
  const char* given = std::getenv(kVariable);
  const std::string settings = fmt::format("{}{}per_process_memory_fraction:{}", given ? given : "",
                                           given ? "," : "", share);
  ::setenv(kVariable, settings.c_str(), 1);
}

Result<std::shared_ptr<Trainer>> OpenTrainer() {
  std::string tried;
  for (const auto& path : Candidates()) {
    std::error_code error;
    tried += fmt::format("{}{}", tried.empty() ? "" : ", ", path.string());
    if (!std::filesystem::exists(path, error)) continue;
    void* module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!module)
      return MakeError(Code::kUnavailable, "{}: cannot be loaded: {}", path.string(), dlerror());
    const auto entry = reinterpret_cast<TrainerEntry>(dlsym(module, "tributary_trainer"));
    Trainer* trainer = entry ? entry(kTrainerInterface) : nullptr;
    if (!trainer)
      return MakeError(Code::kFailedPrecondition,
                       "{}: is not a training module of this program's version (interface {})",
                       path.string(), kTrainerInterface);
    return std::shared_ptr<Trainer>(
        trainer);  // the module stays loaded: libtorch cannot be unloaded
  }
  return MakeError(
      Code::kUnavailable,
      "the training module was not found (looked for {}); build it with deploy/setup and "
      "'cmake --build --preset release', or set TRIBUTARY_TORCH_MODULE=/path/to/tributary-torch.so",
      tried);
}

}  // namespace tributary::client
