#pragma once
// What clients send, and how a fold walks over it. An update names the tensors it carries: the
// change (trained value minus start, f32) of every trained shared part, blocks alone.

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "aggregation/strategy/spec.h"

namespace tributary::strategy {

struct Update {
  std::string client;
  int64_t weight = 0;  // an integer, so that sums of weights are exact
  int64_t rank = 0;
  TensorViewMap deltas;
};

constexpr int64_t kMaxUpdateWeight = int64_t{1} << 31;

// Weight, rank and tensors are as the layout demands and every number is finite; else an error that
// names the tensor. To be called before an update is accepted.
Status CheckUpdate(const Layout& layout, const Update& update);

// The accepted updates of a round, in bytewise order of client names, in groups of at most
// kGroup, as often as a rule likes. Views are valid within the call only.
class UpdateSource {
 public:
  static constexpr size_t kGroup = 4;
  using Visitor = std::function<Status(std::span<const Update>)>;

  virtual ~UpdateSource() = default;
  virtual Status ForEach(const Visitor& visit) = 0;  // an error of `visit` ends the walk
};

// Updates in memory; the bytes behind the views belong to the caller. Two updates of one client are
// an error.
Result<std::unique_ptr<UpdateSource>> MakeMemorySource(std::vector<Update> updates);

}  // namespace tributary::strategy
