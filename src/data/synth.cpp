#include "src/data/synth.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <unordered_set>
#include <utility>
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
  /// Of `all` draws those of ranks below `rank`, where each rank gets its share.
  int64_t before(int64_t rank, int64_t all) const {
    if (rank == 0) return 0;
    return static_cast<int64_t>(cumulative_[rank - 1] / cumulative_.back() *
                                static_cast<double>(all));
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

void refuse_wrong_sizes(const SynthOptions& o) {
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
}

/// What ratings are made of.
class Planted {
 public:
  Planted(const SynthOptions& o, const Rng& rng)
      : o_(o),
        user_bias_(normals(rng, "user bias", o.users, o.bias_std)),
        item_bias_(normals(rng, "item bias", o.items, o.bias_std)) {
    // The product of K pairs of N(0, s) has variance K s^4.
    const double s =
        o.factors > 0 ? std::sqrt(o.factor_std / std::sqrt(static_cast<double>(o.factors))) : 0;
    p_ = normals(rng, "user factors", o.users * o.factors, s);
    q_ = normals(rng, "item factors", o.items * o.factors, s);
  }

  /// As text.
  std::string rating(int64_t u, int64_t i, RandomStream& noise) const {
    double r = o_.mean + user_bias_[u] + item_bias_[i] + o_.noise * noise.normal();
    for (int64_t k = 0; k < o_.factors; ++k) r += p_[u * o_.factors + k] * q_[i * o_.factors + k];
    if (o_.round) return std::to_string(static_cast<int>(std::clamp(std::round(r), 0.0, 5.0)));
    char text[64];
    std::snprintf(text, sizeof text, "%.6f", r);
    return text;
  }

 private:
  const SynthOptions& o_;
  std::vector<double> user_bias_, item_bias_, p_, q_;
};

// Flat enough that nobody's shelf fills up with the whole catalogue.
constexpr double kUserPower = 0.3, kItemPower = 0.4;

void write_json(TextWriter& out, const SynthOptions& o, const Rng& rng) {
  const Planted planted(o, rng);
  const PowerLaw users(o.users, kUserPower), items(o.items, kItemPower);
  RandomStream pairs = rng.stream("pairs"), noise = rng.stream("noise");
  std::unordered_set<int64_t> taken;
  while (static_cast<int64_t>(taken.size()) < o.ratings) {
    const int64_t u = users.draw(pairs), i = items.draw(pairs);
    if (!taken.insert(u * o.items + i).second) continue;
    const std::string rating = planted.rating(u, i, noise);
    out.write("{\"user_id\": \"" + hex_id(rng, "user id", u) + "\", \"book_id\": \"" +
              std::to_string(1000 + i) + "\", \"review_id\": \"" +
              hex_id(rng, "review id", static_cast<int64_t>(taken.size())) +
              "\", \"rating\": " + rating +
              ", \"review_text\": \"A \\\"made-up\\\" review.\", \"date_added\": \"Wed Dec 09 "
              "09:23:58 -0800 2015\", \"n_votes\": 0}\n");
  }
}

void write_csv(TextWriter& out, const SynthOptions& o, const Rng& rng) {
  const Planted planted(o, rng);
  const PowerLaw users(o.users, kUserPower), items(o.items, kItemPower);
  std::vector<int32_t> order(o.users), last_user(o.items, -1);
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, rng.stream("user order"));
  const int64_t most = users.before(1, o.ratings);
  if (4 * most > 3 * int64_t{o.items})
    throw Error("synth: the most active user would have " + std::to_string(most) + " of " +
                std::to_string(o.items) + " items; lower --ratings, or raise --users or --items");
  out.write("user,item,rating\n");
  std::string lines;
  for (const int32_t u : order) {
    RandomStream pairs = rng.stream("items of user", u), noise = rng.stream("noise of user", u);
    const std::string user = std::to_string(u) + ",";
    int64_t left = users.before(u + 1, o.ratings) - users.before(u, o.ratings);
    for (lines.clear(); left > 0;) {
      const int64_t i = items.draw(pairs);
      if (std::exchange(last_user[i], u) == u) continue;
      lines += user + std::to_string(i) + "," + planted.rating(u, i, noise) + "\n";
      --left;
    }
    out.write(lines);
  }
}

}  // namespace

void write_synthetic(const std::string& path, const SynthOptions& options) {
  refuse_wrong_sizes(options);
  const Rng rng(static_cast<uint64_t>(options.seed));
  TextWriter out(path);
  (options.csv ? write_csv : write_json)(out, options, rng);
  out.commit();
}

}  // namespace latent
