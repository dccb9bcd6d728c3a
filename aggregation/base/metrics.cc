#include "aggregation/base/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace tributary {

Evaluation::Evaluation(int64_t classes) : classes_(classes) {
  TRIBUTARY_CHECK(classes >= 1 && classes <= kMaxClasses,
                  "an evaluation has 1 to kMaxClasses classes");
  confusion_.resize(static_cast<size_t>(classes * classes));
}

void Evaluation::Add(int64_t truth, int64_t predicted, double loss) {
  TRIBUTARY_CHECK(truth >= 0 && truth < classes_ && predicted >= 0 && predicted < classes_,
                  "a counted class is one of the evaluation's");
  ++confusion_[static_cast<size_t>(truth * classes_ + predicted)];
  loss_sum_ += loss;
}

void Evaluation::CloseClient() {
  const int64_t all = rows();
  if (all == 0) return;
  const int64_t bin = std::min<int64_t>(correct() * kAccuracyBins / all, kAccuracyBins - 1);
  histogram_[static_cast<size_t>(bin)] += all;
}

Status Evaluation::Merge(const Evaluation& other) {
  if (other.classes_ != classes_)
    return InvalidArgument("evaluation over {} classes, expected {}", other.classes_, classes_);
  for (size_t i = 0; i < confusion_.size(); ++i) confusion_[i] += other.confusion_[i];
  for (size_t i = 0; i < histogram_.size(); ++i) histogram_[i] += other.histogram_[i];
  loss_sum_ += other.loss_sum_;
  return {};
}

Result<Evaluation> Evaluation::FromCounts(int64_t classes, std::span<const int64_t> confusion,
                                          std::span<const int64_t> histogram, double loss_sum) {
  if (classes < 1 || classes > kMaxClasses)
    return InvalidArgument("evaluation over {} classes, expected 1 to {}", classes, kMaxClasses);
  if (confusion.size() != static_cast<size_t>(classes * classes))
    return InvalidArgument("{} confusion counts, expected {} for {} classes", confusion.size(),
                           classes * classes, classes);
  if (!histogram.empty() && histogram.size() != kAccuracyBins)
    return InvalidArgument("{} histogram counts, expected {}", histogram.size(), kAccuracyBins);
  constexpr int64_t kMost = int64_t{1} << 40;  // rows, so that the sum over a million clients fits
  for (const auto counts : {confusion, histogram}) {
    int64_t all = 0;
    for (const int64_t count : counts) {
      if (count < 0 || count > kMost - all)
        return InvalidArgument(
            "evaluation count {} after {}, expected 0 or more and {} rows at most", count, all,
            kMost);
      all += count;
    }
  }
  if (!std::isfinite(loss_sum))
    return InvalidArgument("evaluation loss {} is not finite", loss_sum);
  Evaluation evaluation(classes);
  evaluation.confusion_.assign(confusion.begin(), confusion.end());
  std::ranges::copy(histogram, evaluation.histogram_.begin());
  evaluation.loss_sum_ = loss_sum;
  return evaluation;
}

int64_t Evaluation::rows() const {
  return std::accumulate(confusion_.begin(), confusion_.end(), int64_t{0});
}

int64_t Evaluation::correct() const {
  int64_t sum = 0;
  for (int64_t c = 0; c < classes_; ++c) sum += confusion_[static_cast<size_t>(c * classes_ + c)];
  return sum;
}

double Evaluation::Accuracy() const {
  const int64_t all = rows();
  return all == 0 ? 0 : static_cast<double>(correct()) / static_cast<double>(all);
}

double Evaluation::MeanLoss() const {
  const int64_t all = rows();
  return all == 0 ? 0 : loss_sum_ / static_cast<double>(all);
}

double Evaluation::MacroF1() const {
  double sum = 0;
  for (int64_t c = 0; c < classes_; ++c) {
    int64_t of_truth = 0, as_predicted = 0;  // 2 tp + fp + fn is the sum of the two
    for (int64_t other = 0; other < classes_; ++other) {
      of_truth += confusion_[static_cast<size_t>(c * classes_ + other)];
      as_predicted += confusion_[static_cast<size_t>(other * classes_ + c)];
    }
    const auto hits = static_cast<double>(confusion_[static_cast<size_t>(c * classes_ + c)]);
    if (of_truth + as_predicted > 0) sum += 2 * hits / static_cast<double>(of_truth + as_predicted);
  }
  return sum / static_cast<double>(classes_);
}

std::vector<Confusion> Evaluation::WorstConfusions(size_t most) const {
  std::vector<Confusion> wrong;
  for (int64_t t = 0; t < classes_; ++t) {
    for (int64_t p = 0; p < classes_; ++p) {
      const int64_t count = confusion_[static_cast<size_t>(t * classes_ + p)];
      if (t != p && count > 0) wrong.push_back({.truth = t, .predicted = p, .rows = count});
    }
  }
  std::ranges::sort(wrong, {},
                    [](const Confusion& c) { return std::tuple(-c.rows, c.truth, c.predicted); });
  wrong.resize(std::min(most, wrong.size()));
  return wrong;
}

}  // namespace tributary
