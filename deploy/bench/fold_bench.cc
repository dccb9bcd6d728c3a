// The fold of a round: 50 updates of 10 million f32, weighted and added in double in groups of ten,
// beside memcpy of the same bytes, with one thread and with all. The best of several passes; GB/s
// counts the updates' bytes. fold_rival.py does the same in NumPy.
//
//   fold_bench [UPDATES] [ELEMENTS] [PASSES]

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "aggregation/base/random.h"
#include "aggregation/tensor/kernels.h"

namespace {

using namespace tributary;  // NOLINT: a program

constexpr size_t kGroup = 10;  // updates open at a time

double Best(int passes, const std::function<void()>& work) {
  double best = 1e300;
  for (int pass = 0; pass < passes; ++pass) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

using Updates = std::vector<std::vector<float>>;

Updates MakeUpdates(size_t count, size_t elements) {
  Updates updates(count, std::vector<float>(elements));
  for (size_t k = 0; k < count; ++k) {
    Random random(k, "fold bench");
    const uint64_t start = random.Next64();
    uint64_t x = start;
    for (float& value : updates[k]) {  // cheap and of no pattern that a kernel could use
      x = x * 6364136223846793005U + 1442695040888963407U;
      value = static_cast<float>(static_cast<int32_t>(x >> 32)) * 0x1p-31F;
    }
  }
  return updates;
}

void Fold(const Updates& updates, const std::vector<double>& weights, int threads,
          std::vector<double>* sum) {
  std::fill(sum->begin(), sum->end(), 0.0);
  for (size_t begin = 0; begin < updates.size(); begin += kGroup) {
    const size_t n = std::min(kGroup, updates.size() - begin);
    std::vector<std::span<const float>> group(
        updates.begin() + static_cast<std::ptrdiff_t>(begin),
        updates.begin() + static_cast<std::ptrdiff_t>(begin + n));
    WeightedSum(*sum, group, std::span(weights).subspan(begin, n), threads);
  }
}

// Each thread copies its part of every update.
void CopyAll(const Updates& updates, int threads, Updates* target) {
  std::vector<std::jthread> helpers;
  const size_t elements = updates[0].size(), parts = static_cast<size_t>(threads);
  for (size_t part = 0; part < parts; ++part)
    helpers.emplace_back([&, part] {
      const size_t begin = elements * part / parts, end = elements * (part + 1) / parts;
      for (size_t k = 0; k < updates.size(); ++k)
        std::memcpy((*target)[k].data() + begin, updates[k].data() + begin,
                    (end - begin) * sizeof(float));
    });
}

double Reference(const Updates& updates, const std::vector<double>& weights, size_t element) {
  double sum = 0;
  for (size_t k = 0; k < updates.size(); ++k)
    sum += weights[k] * static_cast<double>(updates[k][element]);
  return sum;
}

}  // namespace

int main(int count, char** arguments) {
  const auto argument = [&](int i, int64_t otherwise) {
    return count > i ? std::atoll(arguments[i]) : otherwise;
  };
  const size_t updates_count = static_cast<size_t>(std::max<int64_t>(1, argument(1, 50)));
  const size_t elements = static_cast<size_t>(std::max<int64_t>(1, argument(2, 10'000'000)));
  const int passes = static_cast<int>(std::max<int64_t>(1, argument(3, 5)));

  const Updates updates = MakeUpdates(updates_count, elements);
  Updates copy(updates_count, std::vector<float>(elements));
  std::vector<double> weights(updates_count), sum(elements);
  for (size_t k = 0; k < updates_count; ++k) weights[k] = 1.0 / static_cast<double>(k + 50);
  const double gigabytes = static_cast<double>(updates_count * elements * sizeof(float)) / 1e9;

  const int all = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  for (const int threads : {1, all}) {
    const double copying = Best(passes, [&] { CopyAll(updates, threads, &copy); });
    const double folding = Best(passes, [&] { Fold(updates, weights, threads, &sum); });
    for (size_t i = 0; i < elements; i += 9973)
      if (sum[i] != Reference(updates, weights, i) || copy[0][i] != updates[0][i]) {
        fmt::print(stderr, "element {}: the fold is wrong\n", i);
        return 1;
      }
    fmt::print(
        "{} updates x {} f32, {} thread(s): fold {:.3f} s ({:.1f} GB/s), memcpy {:.3f} s ({:.1f} "
        "GB/s), "
        "ratio {:.2f}\n",
        updates_count, elements, threads, folding, gigabytes / folding, copying,
        gigabytes / copying, copying / folding);
    if (all == 1) break;
  }
  return 0;
}
