#include "privacy/grid_sum.h"

#include <cmath>

#include "privacy/calibration.h"
#include "privacy/crypto/secret.h"
#include "privacy/discrete_gaussian.h"

namespace tributary::privacy {
namespace {

constexpr int64_t kRadius = int64_t{1} << kGridBits;  // the clip norm in grid steps
constexpr int64_t kMaxElements = int64_t{1} << 31;
constexpr int64_t kMaxUpdates = int64_t{1}
                                << 40;  // times kRadius, plus noise, stays far below 2^63

int64_t OnGrid(float x, double per_step) {
  return static_cast<int64_t>(static_cast<double>(x) * per_step);
}

unsigned __int128 SquaredGridNorm(const TensorViewMap& update, double per_step) {
  unsigned __int128 sum = 0;
  for (const auto& [name, tensor] : update)
    for (float x : tensor.as<float>()) {
      const __int128 q = OnGrid(x, per_step);
      sum += static_cast<unsigned __int128>(q * q);
    }
  return sum;
}

}  // namespace

double GridStepsPerUnit(const TensorViewMap& update, double factor, double clip_norm) {
  constexpr auto kLimit = static_cast<unsigned __int128>(kRadius) * kRadius;
  double per_step = factor * (static_cast<double>(kRadius) / clip_norm);
  // Truncation alone nearly always suffices; the shrinking doubles, so the loop ends.
  for (double shrink = 0x1p-40; SquaredGridNorm(update, per_step) > kLimit; shrink *= 2)
    per_step *= 1 - shrink;
  return per_step;
}

Status CheckCentralNoise(const CentralNoise& noise) {
  RETURN_IF_ERROR(CheckClipNorm(noise.clip_norm));
  if (!(noise.noise_multiplier >= kMinNoiseMultiplier &&
        noise.noise_multiplier <= kMaxNoiseMultiplier))
    return InvalidArgument("noise multiplier is {}, expected {} to {}", noise.noise_multiplier,
                           kMinNoiseMultiplier, kMaxNoiseMultiplier);
  if (!(noise.divisor > 0 && std::isfinite(noise.divisor)))
    return InvalidArgument("divisor is {}, expected a finite number above 0", noise.divisor);
  return {};
}

Result<GridSum> GridSum::Create(const Layout& layout, const CentralNoise& noise,
                                NoiseSource& source, std::string_view call) {
  RETURN_IF_ERROR(CheckCentralNoise(noise));
  int64_t elements = 0;
  for (const auto& [name, entry] : layout) {
    if (entry.dtype != DType::kF32)
      return InvalidArgument("{}: dtype {}, expected F32 in a noised sum", name,
                             DTypeName(entry.dtype));
    ASSIGN_OR_RETURN(const int64_t count, ElementCount(entry.shape));
    if (count > kMaxElements - elements)
      return MakeError(Code::kResourceExhausted, "{}: a noised sum holds at most {} elements", name,
                       kMaxElements);
    elements += count;
  }
  const double sensitivity = static_cast<double>(SensitivityFactor(noise.relation) * kRadius);
  const auto scale = static_cast<int64_t>(std::ceil(noise.noise_multiplier * sensitivity));
  GridSum sum(layout, noise);
  for (const auto& [name, entry] : layout) {
    const auto bits = source.Open(fmt::format("{}/{}", call, name));
    std::vector<int64_t>& values = sum.sums_[name];
    values.resize(static_cast<size_t>(*ElementCount(entry.shape)));
    for (int64_t& value : values) value = SampleDiscreteGaussian(*bits, scale);
  }
  return sum;
}

GridSum::~GridSum() {
  for (auto& [name, values] : sums_) Wipe(std::as_writable_bytes(std::span(values)));
}

Result<ClipReport> GridSum::Add(const TensorViewMap& update) {
  RETURN_IF_ERROR(CheckCompatible(layout_, update));
  ASSIGN_OR_RETURN(const ClipReport report, MeasureClip(update, noise_.clip_norm));
  if (updates_ == kMaxUpdates)
    return MakeError(Code::kResourceExhausted, "more than {} updates in one sum", kMaxUpdates);
  ++updates_;
  if (!report.finite) return report;
  const double per_step = GridStepsPerUnit(update, report.factor, noise_.clip_norm);
  auto sum = sums_.begin();  // both maps are ordered by the same names
  for (const auto& [name, tensor] : update) {
    const auto values = tensor.as<float>();
    for (size_t i = 0; i < values.size(); ++i) sum->second[i] += OnGrid(values[i], per_step);
    ++sum;
  }
  return report;
}

TensorMap GridSum::Finish() && {
  const double unit = noise_.clip_norm / static_cast<double>(kRadius) / noise_.divisor;
  TensorMap mean;
  for (const auto& [name, entry] : layout_) {
    Tensor& tensor = mean.emplace(name, Tensor(DType::kF64, entry.shape)).first->second;
    const auto out = tensor.f64();
    std::vector<int64_t>& values = sums_.find(name)->second;
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(values[i]) * unit;
    Wipe(std::as_writable_bytes(std::span(values)));
  }
  return mean;
}

}  // namespace tributary::privacy
