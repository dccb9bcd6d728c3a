#pragma once
// What a coordinator says a checkpoint has: checked before anything is allocated or fetched, and
// then filled with the bytes that come.

#include "aggregation/tensor/tensor.h"
#include "proto/message.h"

namespace tributary::edge {

inline constexpr int64_t kMaxCheckpoint = int64_t{1} << 34;  // bytes of all its tensors

// INVALID_ARGUMENT names the tensor: one that is there twice, an unknown dtype, bytes that are not
// its shape's, more than kMaxCheckpoint in all.
Status CheckManifest(const proto::CheckpointManifest& manifest);

Tensor EmptyTensor(const proto::TensorEntry& entry);  // of a checked manifest

// Fills tensors one after another from a run of bytes, in parts of any size.
class Filler {
 public:
  // Of the first tensor so many bytes are there.
  explicit Filler(std::vector<Tensor*> tensors, size_t begun = 0);
  Status Take(std::string_view bytes);  // DATA_LOSS if there are too many
  bool is_full() const { return next_ == tensors_.size(); }
  size_t full() const { return next_; }     // tensors
  size_t begun() const { return filled_; }  // bytes of the one after them

 private:
  void SkipFull();

  std::vector<Tensor*> tensors_;
  size_t next_ = 0, filled_ = 0;
};

}  // namespace tributary::edge
