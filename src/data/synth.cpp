#include "src/data/synth.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unordered_set>
#include <vector>

#include "src/base/error.h"
#include "src/base/rng.h"
#include "src/base/text_writer.h"

namespace latent {

namespace {

/// Draws ranks 0..n-1 with weight (rank + 1)^-exponent.
class PowerLaw {
 public:
  PowerLaw(int64_t n, double exponent) : cumulative_(n) {
    double sum = 0;
    for (int64_t r = 0; r < n; ++r)
      cumulative_[r] = sum += std::pow(static_cast<double>(r + 1), -exponent);
  }
  int64_t draw(RandomStream& stream) const {
    const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end(),
                                     stream.uniform() * cumulative_.back());
    return std::min<int64_t>(at - cumulative_.begin(),
                             static_cast<int64_t>(cumulative_.size()) - 1);
  }

 private:
  std::vector<double> cumulative_;
};

std::vector<double> normals(const Rng& rng, const char* name, int64_t n, double std) {
  RandomStream stream = rng.stream(name);
  std::vector<double> out(n);
  for (double& v : out) v = std * stream.normal();
  return out;
}

/// 32 hexadecimal digits, as Goodreads names its users.
std::string hex_id(const Rng& rng, const char* kind, int64_t index) {
  RandomStream stream = rng.stream(kind, index);
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(stream.next()),
                static_cast<unsigned long long>(stream.next()));
  return text;
}

}  // namespace

void write_synthetic(const std::string& path, const SynthOptions& o) {
  if (o.users < 1 || o.items < 2 || o.ratings < 1 || o.factors < 0 || o.noise < 0) {
    throw Error(
        "synth needs at least 1 user, 2 items and 1 rating, and no negative factors or noise");
  }
  if (o.users > INT32_MAX || o.items > INT32_MAX ||
      static_cast<double>(o.ratings) >
          0.2 * static_cast<double>(o.users) * static_cast<double>(o.items)) {
    throw Error("synth: " + std::to_string(o.ratings) + " distinct ratings do not fit " +
                std::to_string(o.users) + " users x " + std::to_string(o.items) +
                " items at a density of at most 20 %; lower --ratings");
  }
  const Rng rng(static_cast<uint64_t>(o.seed));
  const auto user_bias = normals(rng, "user bias", o.users, o.bias_std),
             item_bias = normals(rng, "item bias", o.items, o.bias_std);
  // The product of K pairs of N(0, s) has variance K s^4.
  const double s =
      o.factors > 0 ? std::sqrt(o.factor_std / std::sqrt(static_cast<double>(o.factors))) : 0;
  const auto p = normals(rng, "user factors", o.users * o.factors, s),
             q = normals(rng, "item factors", o.items * o.factors, s);
  // Flat enough that nobody's shelf fills up with the whole catalogue.
  const PowerLaw users(o.users, 0.3), items(o.items, 0.4);
  RandomStream pairs = rng.stream("pairs"), noise = rng.stream("noise");

  TextWriter out(path);
  std::unordered_set<int64_t> taken;
  char numbers[64];
  while (static_cast<int64_t>(taken.size()) < o.ratings) {
    const int64_t u = users.draw(pairs), i = items.draw(pairs);
    if (!taken.insert(u * o.items + i).second) continue;
    double r = o.mean + user_bias[u] + item_bias[i] + o.noise * noise.normal();
    for (int64_t k = 0; k < o.factors; ++k) r += p[u * o.factors + k] * q[i * o.factors + k];
    if (o.round) {
      std::snprintf(numbers, sizeof numbers, "%d",
                    static_cast<int>(std::clamp(std::round(r), 0.0, 5.0)));
    } else {
      std::snprintf(numbers, sizeof numbers, "%.6f", r);
    }
    out.write("{\"user_id\": \"" + hex_id(rng, "user id", u) + "\", \"book_id\": \"" +
              std::to_string(1000 + i) + "\", \"review_id\": \"" +
              hex_id(rng, "review id", static_cast<int64_t>(taken.size())) +
              "\", \"rating\": " + numbers +
              ", \"review_text\": \"A \\\"made-up\\\" review.\", \"date_added\": \"Wed Dec 09 "
              "09:23:58 -0800 2015\", \"n_votes\": 0}\n");
  }
  out.commit();
}

}  // namespace latent
