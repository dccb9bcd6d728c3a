#include "aggregation/strategy/update.h"

#include <algorithm>

namespace tributary::strategy {
namespace {

class MemorySource final : public UpdateSource {
 public:
  explicit MemorySource(std::vector<Update> updates) : updates_(std::move(updates)) {}

  Status ForEach(const Visitor& visit) override {
    for (size_t at = 0; at < updates_.size(); at += kGroup)
      RETURN_IF_ERROR(
          visit(std::span(updates_).subspan(at, std::min(kGroup, updates_.size() - at))));
    return {};
  }

 private:
  std::vector<Update> updates_;
};

}  // namespace

Status CheckUpdate(const Layout& layout, const Update& update) {
  if (update.weight < 0 || update.weight > kMaxUpdateWeight)
    return InvalidArgument("weight {}, expected 0 to {}", update.weight, kMaxUpdateWeight);
  RETURN_IF_ERROR(CheckCompatible(layout, update.deltas));
  for (const auto& [name, view] : update.deltas)
    if (!AllFinite(view)) return InvalidArgument("{}: a number that is not finite", name);
  return {};
}

Result<std::unique_ptr<UpdateSource>> MakeMemorySource(std::vector<Update> updates) {
  std::ranges::sort(updates, {}, &Update::client);
  const auto twin = std::ranges::adjacent_find(updates, {}, &Update::client);
  if (twin != updates.end())
    return MakeError(Code::kAlreadyExists, "client {}: two updates in one round", twin->client);
  return std::make_unique<MemorySource>(std::move(updates));
}

}  // namespace tributary::strategy
