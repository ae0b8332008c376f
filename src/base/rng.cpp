#include "src/base/rng.h"

#include <cmath>

namespace latent {

double RandomStream::normal() {
  const double u = 1.0 - uniform();  // (0, 1]: the logarithm stays finite
  const double angle = 6.283185307179586476925 * uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(angle);
}

RandomStream Rng::stream(std::string_view name, uint64_t a, uint64_t b) const {
  uint64_t key = RandomStream::mix(seed_ + 0x9E3779B97F4A7C15ull);
  for (const unsigned char c : name) key = RandomStream::mix(key ^ (c + 0x632BE59BD9B4E019ull));
  key = RandomStream::mix(key ^ (a * 0xD6E8FEB86659FD93ull + 1));
  key = RandomStream::mix(key ^ (b * 0xA0761D6478BD642Full + 2));
  return RandomStream(key);
}

}  // namespace latent
