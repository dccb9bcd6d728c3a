#include "deploy/bench/service.d/made_up.h"

#include <algorithm>

#include "aggregation/base/file.h"
#include "aggregation/tensor/safetensors.h"
#include "coordinator/plan/assemble.h"

namespace tributary::bench {

Result<MadeUp> MadeUp::From(const std::string& plan, const std::filesystem::path& model_config,
                            int64_t salt) {
  ASSIGN_OR_RETURN(const config::Config config, config::ReadPlan(plan));
  ASSIGN_OR_RETURN(const std::string text, ReadFile(model_config));
  ASSIGN_OR_RETURN(const plan::BaseModel base, plan::ReadBaseModel(text, model_config.string()));
  plan::Surroundings around;
  around.population = 1'000'000;
  std::vector<config::Fault> faults;
  MadeUp made;
  made.salt_ = salt;
  made.plan_ = plan::Assemble(config, base, around, faults).fold;
  RETURN_IF_ERROR(config::AsStatus(faults));
  return made;
}

std::string MadeUp::Update(const ClientId& client, int64_t rank, const Task& task) const {
  fold::FoldPlan plan = plan_;
  plan.rank_of = [rank](const ClientId&) { return rank; };
  const size_t own = std::hash<std::string>()(fmt::format("{} {}", client.value, salt_)) % 1000;
  const auto value = static_cast<float>(own + 1) * 1e-6f;
  TensorMap update;
  for (const auto& [name, entry] : fold::UploadLayout(plan, client, task)) {
    Tensor& tensor = update[name] = Tensor(entry.dtype, entry.shape);
    if (entry.dtype == DType::kF32) std::ranges::fill(tensor.f32(), value);
    if (entry.dtype == DType::kF64) std::ranges::fill(tensor.f64(), double{value});
    if (entry.dtype == DType::kI64) tensor.i64()[0] = 1;
    if (entry.dtype == DType::kF32) tensor.f32()[0] = static_cast<float>(task.sequence);
  }
  return SerializeSafetensors(update);
}

}  // namespace tributary::bench
