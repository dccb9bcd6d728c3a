#pragma once
// What an evaluation counts, and the figures that follow from the counts. Counts of several clients
// or parts of the data merge by addition, so the figures of the whole follow from the sum; of these
// only loss_sum depends on the order of addition, in its last bits.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "aggregation/base/status.h"

namespace tributary {

inline constexpr int kAccuracyBins = 20;
inline constexpr int64_t kMaxClasses = 1024;  // the counts grow with its square

struct Confusion {
  int64_t truth = 0, predicted = 0, rows = 0;
};

class Evaluation {
 public:
  explicit Evaluation(int64_t classes);  // 1 to kMaxClasses

  // One row. Both classes are in [0, classes).
  void Add(int64_t truth, int64_t predicted, double loss);

  // Closes one client's rows: puts them, all that were added so far, into the histogram's bin of
  // their accuracy. Call once, before merging; without rows nothing is counted.
  void CloseClient();

  // Adds another's counts; fails if it has another number of classes.
  Status Merge(const Evaluation& other);

  int64_t classes() const { return classes_; }
  int64_t rows() const;
  int64_t correct() const;
  double loss_sum() const { return loss_sum_; }
  // Rows of truth t predicted as p at t * classes + p.
  std::span<const int64_t> confusion() const { return confusion_; }
  // Rows of clients by their accuracy: bin b has [b / 20, (b + 1) / 20), the last also 1.
  const std::array<int64_t, kAccuracyBins>& histogram() const { return histogram_; }

  // From counts that came from a trainer, a wire or a disk: sizes and signs are checked. An empty
  // histogram is one without clients.
  static Result<Evaluation> FromCounts(int64_t classes, std::span<const int64_t> confusion,
                                       std::span<const int64_t> histogram, double loss_sum);

  double Accuracy() const;  // correct / rows; 0 without rows
  double MeanLoss() const;  // 0 without rows

  // The mean over all classes of F1 = 2 tp / (2 tp + fp + fn). A class that neither occurs nor is
  // predicted counts as 0, as in scikit-learn's f1_score(average="macro", labels=all classes) with
  // its default zero_division.
  double MacroF1() const;

  // The most frequent wrong pairs, most rows first, then by truth and prediction.
  std::vector<Confusion> WorstConfusions(size_t most) const;

 private:
  int64_t classes_ = 0;
  std::vector<int64_t> confusion_;
  std::array<int64_t, kAccuracyBins> histogram_{};
  double loss_sum_ = 0;
};

}  // namespace tributary
