#include "privacy/noise_source.h"

#include <pthread.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <optional>
#include <vector>

#include "aggregation/base/random.h"
#include "privacy/crypto/chacha20.h"
#include "privacy/crypto/random.h"
#include "privacy/crypto/secret.h"

namespace tributary::privacy {
namespace {

std::atomic<uint64_t> fork_count{1};  // 0: a source that has no key yet

// A value is rejected with probability of at most 1/2, so this many in a row mean broken bits.
constexpr int kPatience = 1024;

class SecureBits final : public BitSource {
 private:
  void Rekey() override {
    ChaCha20::Key key;
    SecureRandomBytes(key);
    stream_.emplace(key);
    Wipe(key);
  }
  void Fill(std::span<uint64_t> words) override {
    stream_->Keystream(std::as_writable_bytes(words));
  }

  std::optional<ChaCha20> stream_;
};

class SeededBits final : public BitSource {
 public:
  SeededBits(uint64_t seed, std::string_view name) : random_(seed, "privacy-noise", {name}) {}

 private:
  void Fill(std::span<uint64_t> words) override {
    for (uint64_t& word : words) word = random_.Next64();
  }
  Random random_;
};

class SecureNoiseSource final : public NoiseSource {
 public:
  bool is_private() const override { return true; }
  std::string_view statement() const override {
    return "noise: ChaCha20 keyed by the operating system";
  }
  std::unique_ptr<BitSource> Open(std::string_view) override {
    return std::make_unique<SecureBits>();
  }
};

class SeededNoiseSource final : public NoiseSource {
 public:
  explicit SeededNoiseSource(uint64_t seed) : seed_(seed) {}
  bool is_private() const override { return false; }
  std::string_view statement() const override {
    return "simulation, not private: noise from a seed";
  }
  std::unique_ptr<BitSource> Open(std::string_view name) override {
    return std::make_unique<SeededBits>(seed_, name);
  }

 private:
  uint64_t seed_;
};

}  // namespace

BitSource::~BitSource() { Wipe(std::as_writable_bytes(std::span(buffer_))); }

uint64_t BitSource::Forks() { return fork_count.load(std::memory_order_relaxed); }

void BitSource::Refill() {
  [[maybe_unused]] static const bool registered = [] {
    const int error = pthread_atfork(nullptr, nullptr,
                                     [] { fork_count.fetch_add(1, std::memory_order_relaxed); });
    TRIBUTARY_CHECK(error == 0, "a fork handler can be registered");
    return true;
  }();
  if (forks_ != Forks()) {
    forks_ = Forks();
    Rekey();
  }
  Fill(buffer_);
  used_ = 0;
}

uint64_t BitSource::Below(uint64_t bound) {  // Lemire, 2019
  unsigned __int128 product = static_cast<unsigned __int128>(Next64()) * bound;
  if (static_cast<uint64_t>(product) < bound) {
    const uint64_t threshold = (0 - bound) % bound;  // 2^64 mod bound
    for (int tries = 0; static_cast<uint64_t>(product) < threshold; ++tries) {
      TRIBUTARY_CHECK(tries < kPatience, "random bits are random");
      product = static_cast<unsigned __int128>(Next64()) * bound;
    }
  }
  return static_cast<uint64_t>(product >> 64);
}

unsigned __int128 BitSource::Below128(unsigned __int128 bound) {
  const auto high_bound = static_cast<uint64_t>((bound - 1) >> 64);
  if (high_bound == 0 && bound >> 64 == 0) return Below(static_cast<uint64_t>(bound));
  const uint64_t mask = high_bound == 0 ? 0 : ~uint64_t{0} >> std::countl_zero(high_bound);
  for (int tries = 0; tries < kPatience; ++tries) {
    const uint64_t high = Next64() & mask;
    const uint64_t low = Next64();
    const unsigned __int128 value = static_cast<unsigned __int128>(high) << 64 | low;
    if (value < bound) return value;
  }
  CheckFailed(__FILE__, __LINE__, "random bits are random");
}

Status CheckHealth(BitSource& first, BitSource& second) {
  constexpr size_t kWords = (size_t{1} << 20) / sizeof(uint64_t);
  constexpr double kDeviations = 6.1;  // two-sided, 1e-9
  std::array<int64_t, 256> counts{};
  int64_t ones = 0, agreeing = 0;
  for (size_t i = 0; i < kWords; ++i) {
    const uint64_t word = first.Next64();
    const uint64_t other = second.Next64();
    agreeing += word == other;
    ones += std::popcount(word);
    for (int byte = 0; byte < 8; ++byte) ++counts[word >> (8 * byte) & 0xff];
  }
  if (agreeing > 1)
    return MakeError(Code::kInternal, "random bits: two streams agree in {} of {} words", agreeing,
                     kWords);
  constexpr double kBits = 64.0 * kWords;
  const double monobit = (2 * static_cast<double>(ones) - kBits) / std::sqrt(kBits);
  if (std::abs(monobit) > kDeviations)
    return MakeError(Code::kInternal, "random bits: {} ones of {}, {:.1f} standard deviations off",
                     ones, kBits, monobit);
  constexpr double kExpected = 8.0 * kWords / 256;
  double chi_square = 0;
  for (int64_t count : counts)
    chi_square += (static_cast<double>(count) - kExpected) *
                  (static_cast<double>(count) - kExpected) / kExpected;
  // Wilson-Hilferty: the cube root of chi-square over its 255 degrees of freedom is nearly normal.
  constexpr double kVariance = 2.0 / (9 * 255);
  const double deviations = (std::cbrt(chi_square / 255) - (1 - kVariance)) / std::sqrt(kVariance);
  if (std::abs(deviations) > kDeviations)
    return MakeError(
        Code::kInternal,
        "random bits: chi-square {:.1f} over byte values, {:.1f} standard deviations off",
        chi_square, deviations);
  return {};
}

Result<std::unique_ptr<NoiseSource>> SecureNoise() {
  auto source = std::make_unique<SecureNoiseSource>();
  const auto first = source->Open("health");
  const auto second = source->Open("health");
  RETURN_IF_ERROR(CheckHealth(*first, *second));
  return std::unique_ptr<NoiseSource>(std::move(source));
}

std::unique_ptr<NoiseSource> SeededNoise(uint64_t seed) {
  return std::make_unique<SeededNoiseSource>(seed);
}

}  // namespace tributary::privacy
