#include "aggregation/base/random.h"

#include <cmath>
#include <numbers>
#include <string>

#include "aggregation/base/digest.h"

namespace tributary {
namespace {

// The stream's key: the first eight bytes, little-endian, of SHA-256 over length-prefixed names.
uint64_t StreamKey(uint64_t seed, std::string_view purpose,
                   std::initializer_list<std::string_view> names) {
  std::string text = fmt::format("{}|{}:{}", seed, purpose.size(), purpose);
  for (std::string_view name : names) text += fmt::format("|{}:{}", name.size(), name);
  const Digest digest = Sha256(text);
  uint64_t key = 0;
  for (size_t i = 0; i < 8; ++i) key |= static_cast<uint64_t>(digest.bytes[i]) << (8 * i);
  return key;
}

// The C library's log and cos round differently with and without fused multiply-add, so equal seeds
// would give different numbers on different processors. These use only operations that IEEE 754
// rounds exactly, in one order; their error is about one unit in the last place.

// Natural logarithm of x in (0, 1]: x = m 2^e, log m = 2 artanh((m - 1) / (m + 1)).
double Log(double x) {
  constexpr double kLn2High = 0x1.62e42fefap-1, kLn2Low = 0x1.cf79abc9e3b39p-40;
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < std::numbers::sqrt2 / 2) {
    m *= 2;
    --exponent;
  }
  const double s = (m - 1) / (m + 1);
  const double z = s * s;  // at most 0.0295
  double sum = 0;
  for (int n = 23; n >= 3; n -= 2) sum = (sum + 1.0 / n) * z;
  return exponent * kLn2High + (2 * s + (2 * s * sum + exponent * kLn2Low));
}

// cos(2 pi v) for v in [0, 1), by the nearest quarter turn and the Taylor series up to an eighth.
double CosOfTurn(double v) {
  const double quarter = std::floor(4 * v + 0.5);
  const double x = 2 * std::numbers::pi * (v - quarter / 4);  // in [-pi/4, pi/4]
  const double z = x * x;
  double cosine = 1, sine = x;
  double even = 0, odd = 0;
  for (int n = 18; n >= 2; n -= 2) even = (1 + even) * (-z / (n * (n - 1)));
  for (int n = 19; n >= 3; n -= 2) odd = (1 + odd) * (-z / (n * (n - 1)));
  cosine += even;
  sine += x * odd;
  switch (static_cast<int>(quarter) % 4) {
    case 0:
      return cosine;
    case 1:
      return -sine;
    case 2:
      return -cosine;
    default:
      return sine;
  }
}

}  // namespace

Random::Random(uint64_t seed, std::string_view purpose,
               std::initializer_list<std::string_view> names) {
  const uint64_t key = StreamKey(seed, purpose, names);
  key_ = {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)};
}

void Random::Refill() {
  uint32_t x0 = static_cast<uint32_t>(counter_);
  uint32_t x1 = static_cast<uint32_t>(counter_ >> 32);
  uint32_t x2 = 0, x3 = 0, k0 = key_[0], k1 = key_[1];
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * x0;
    const uint64_t p1 = uint64_t{0xCD9E8D57} * x2;
    const uint32_t y0 = static_cast<uint32_t>(p1 >> 32) ^ x1 ^ k0;
    const uint32_t y2 = static_cast<uint32_t>(p0 >> 32) ^ x3 ^ k1;
    x1 = static_cast<uint32_t>(p1);
    x3 = static_cast<uint32_t>(p0);
    x0 = y0;
    x2 = y2;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  block_ = {x0, x1, x2, x3};
  used_ = 0;
  ++counter_;
}

uint32_t Random::Next32() {
  if (used_ == 4) Refill();
  return block_[static_cast<size_t>(used_++)];
}

uint64_t Random::Next64() {
  const uint64_t low = Next32();
  const uint64_t high = Next32();
  return high << 32 | low;
}

double Random::Uniform() { return static_cast<double>(Next64() >> 11) * 0x1.0p-53; }

double Random::Normal() {
  const double u = 1.0 - Uniform();  // in (0, 1]
  const double v = Uniform();
  return std::sqrt(-2.0 * Log(u)) * CosOfTurn(v);
}

double Random::Exponential() { return -Log(1.0 - Uniform()); }

uint64_t Random::Below(uint64_t bound) {
  const uint64_t threshold = (0 - bound) % bound;  // 2^64 mod bound
  for (;;) {
    const unsigned __int128 product = static_cast<unsigned __int128>(Next64()) * bound;
    if (static_cast<uint64_t>(product) >= threshold) return static_cast<uint64_t>(product >> 64);
  }
}

void Random::FillUniform(std::span<float> out, float low, float high) {
  for (float& x : out) x = low + (high - low) * static_cast<float>(Uniform());
}

void Random::FillNormal(std::span<float> out, float standard_deviation) {
  for (float& x : out) x = standard_deviation * static_cast<float>(Normal());
}

uint64_t DeriveSeed(uint64_t seed, std::string_view purpose) {
  return Random(seed, purpose).Next64();
}

}  // namespace tributary
