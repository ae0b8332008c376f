// Counter-based random streams: the same numbers on every platform, for any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace latent {

/// A stream of 64-bit numbers: SplitMix64's finaliser over a keyed counter (Steele, Lea & Flood,
/// "Fast splittable pseudorandom number generators", 2014). Cheap to make: one for each chunk of
/// work.
class RandomStream {
 public:
  explicit RandomStream(uint64_t key) : key_(key) {}

  uint64_t next() {
    counter_ += 0x9E3779B97F4A7C15ull;
    return mix(key_ + counter_);
  }

  /// The next N numbers: what N calls of next() give, in vectors.
  template <size_t N>
  void fill(uint64_t (&out)[N]) {
    for (size_t n = 0; n < N; ++n) out[n] = mix(key_ + counter_ + (n + 1) * 0x9E3779B97F4A7C15ull);
    counter_ += N * 0x9E3779B97F4A7C15ull;
  }

  /// Uniform in [0, n), n > 0, without bias (Lemire's multiply and reject).
  uint32_t below(uint32_t n) {
    uint64_t product = (next() >> 32) * n;
    if (static_cast<uint32_t>(product) < n) {
      const uint32_t threshold = (0u - n) % n;
      while (static_cast<uint32_t>(product) < threshold) product = (next() >> 32) * n;
    }
    return static_cast<uint32_t>(product >> 32);
  }

  /// Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// Standard normal (Box and Muller, the cosine branch only: no state between calls).
  double normal();

  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

 private:
  uint64_t key_;
  uint64_t counter_ = 0;
};

/// Named streams from one seed: `Rng(seed).stream("negatives", step, chunk)`.
class Rng {
 public:
  explicit Rng(uint64_t seed) : seed_(seed) {}
  RandomStream stream(std::string_view name, uint64_t a = 0, uint64_t b = 0) const;

 private:
  uint64_t seed_;
};

/// Fisher-Yates, from the back, of a vector or a span.
template <typename Values>
void shuffle(Values&& values, RandomStream stream) {
  for (size_t n = values.size(); n > 1; --n) {
    std::swap(values[n - 1], values[stream.below(static_cast<uint32_t>(n))]);
  }
}

}  // namespace latent
