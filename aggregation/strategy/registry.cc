#include <algorithm>

#include "aggregation/strategy/methods.h"

namespace tributary::strategy {
namespace {

constexpr const Method* kTable[] = {
    &kFedIt,     &kFlora,    &kFedSb,   &kLoraFair,  &kFfaLora, &kRoLora,
    &kFedExLora, &kFlexLora, &kHetLora, &kFedSaLora, &kLocal,
};

}  // namespace

std::span<const Method* const> Methods() { return kTable; }

const Method* FindMethod(std::string_view name) {
  const auto it = std::ranges::find(kTable, name, &Method::name);
  return it == std::end(kTable) ? nullptr : *it;
}

const Method& MethodOf(const AdapterSpec& spec) {
  const Method* method = FindMethod(spec.method);
  TRIBUTARY_CHECK(method != nullptr, "a spec without faults names a method");
  return *method;
}

std::string_view StartOf(const AdapterSpec& spec) {
  return spec.start.empty() ? MethodOf(spec).starts.front() : std::string_view(spec.start);
}

std::string MethodsWhere(bool (*holds)(const Method&)) {
  std::string names;
  for (const Method* method : Methods())
    if (holds(*method)) names += fmt::format("{}{}", names.empty() ? "" : ", ", method->name);
  return names;
}

const adapter::Kind& Method::adapter_kind() const {
  const adapter::Kind* found = adapter::FindKind(kind);
  TRIBUTARY_CHECK(found != nullptr, "a method names an adapter kind");
  return *found;
}

bool Method::is_local(std::string_view factor) const {
  return std::ranges::find(local_factors, factor) != local_factors.end();
}

bool Method::additive() const {
  return is_mean() && !is_personal() && (alternates || adapter_kind().trained_factors() == 1);
}

std::vector<const adapter::FactorSpec*> TrainedFactors(const Method& method, int64_t committed) {
  std::vector<const adapter::FactorSpec*> trained;
  for (const adapter::FactorSpec& factor : method.adapter_kind().chain)
    if (factor.trained) trained.push_back(&factor);
  if (!method.alternates) return trained;
  return {trained[static_cast<size_t>(committed) % trained.size()]};
}

}  // namespace tributary::strategy
