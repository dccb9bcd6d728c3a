#include "privacy/clip.h"

#include <algorithm>
#include <cmath>

#include "aggregation/tensor/kernels.h"

namespace tributary::privacy {

Status CheckClipNorm(double clip_norm) {
  if (!(clip_norm >= 1e-30 && clip_norm <= 1e30))
    return InvalidArgument("clip norm is {}, expected a number from 1e-30 to 1e30", clip_norm);
  return {};
}

Result<ClipReport> MeasureClip(const TensorViewMap& update, double clip_norm) {
  RETURN_IF_ERROR(CheckClipNorm(clip_norm));
  double sum = 0;
  for (const auto& [name, tensor] : update) {
    if (tensor.dtype != DType::kF32)
      return InvalidArgument("{}: dtype {}, expected F32 in an update to be clipped", name,
                             DTypeName(tensor.dtype));
    sum += SquaredNorm(tensor.as<float>());
  }
  ClipReport report{.norm = std::sqrt(sum)};
  report.finite = std::isfinite(sum);
  if (!report.finite)
    report.factor = 0;
  else if (report.norm > clip_norm)
    report.factor = clip_norm / report.norm;
  report.clipped = report.factor < 1;
  return report;
}

Result<ClipReport> Clip(TensorMap& update, double clip_norm) {
  ASSIGN_OR_RETURN(const ClipReport report, MeasureClip(ViewsOf(update), clip_norm));
  if (!report.clipped) return report;
  for (auto& [name, tensor] : update)
    for (float& x : tensor.f32()) x = report.finite ? static_cast<float>(report.factor * x) : 0.0f;
  return report;
}

}  // namespace tributary::privacy
