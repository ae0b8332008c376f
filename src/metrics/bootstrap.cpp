#include "src/metrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/base/parallel.h"
#include "src/base/rng.h"
#include "src/metrics/significance.h"

namespace latent {

namespace {

constexpr uint64_t kSeed = 20;
constexpr int64_t kDrawsPerChunk = 16;

/// How often a draw takes each user, into `times` [users].
void draw_users(int64_t draw, std::vector<double>& times) {
  std::ranges::fill(times, 0);
  RandomStream stream = Rng(kSeed).stream("users", static_cast<uint64_t>(draw));
  const auto users = static_cast<uint32_t>(times.size());
  for (uint32_t n = 0; n < users; ++n) ++times[stream.below(users)];
}

double figure_of(const UserSums& run, const std::vector<double>& times) {
  double weight = static_cast<double>(times.size());
  if (!run.weight.empty())
    weight = std::inner_product(times.begin(), times.end(), run.weight.begin(), 0.0);
  const double ratio =
      std::inner_product(times.begin(), times.end(), run.sum.begin(), 0.0) / weight;
  return run.root ? std::sqrt(ratio) : ratio;
}

double mean_at(const SeedDraws& side, size_t draw) {
  double sum = 0;
  for (const auto& seed : side.seeds) sum += seed[draw];
  return sum / static_cast<double>(side.seeds.size());
}

bool has_spread(const SeedDraws& side) { return side.random && side.seeds.size() > 1; }

/// Deviations of a side's mean that other seeds would have brought.
class SeedSpread {
 public:
  /// `source`: whose spread it is; `count`: seeds that the mean is of.
  SeedSpread(const SeedDraws& source, size_t count, double t)
      : source_(source), count_(count) {
    const auto n = static_cast<double>(source.seeds.size());
    factor_ = std::sqrt(n / (n - 1)) * t / 1.959963984540054;
  }

  double draw(size_t draw, RandomStream& stream) const {
    double sum = 0;
    for (size_t n = 0; n < count_; ++n)
      sum += source_.seeds[stream.below(static_cast<uint32_t>(source_.seeds.size()))][draw];
    return factor_ * (sum / static_cast<double>(count_) - mean_at(source_, draw));
  }

 private:
  const SeedDraws& source_;
  size_t count_;
  double factor_;
};

/// The point below which `share` of the sorted values lie.
double point(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

}  // namespace

double UserSums::figure() const { return figure_of(*this, std::vector<double>(sum.size(), 1)); }

std::vector<std::vector<double>> redrawn_figures(std::span<const UserSums* const> runs,
                                                 int64_t draws, int threads) {
  std::vector<std::vector<double>> out(runs.size(), std::vector<double>(draws));
  if (runs.empty()) return out;
  parallel_chunks(ceil_div(draws, kDrawsPerChunk), threads, [&](int64_t chunk) {
    std::vector<double> times(runs[0]->sum.size());
    const int64_t end = std::min(draws, (chunk + 1) * kDrawsPerChunk);
    for (int64_t draw = chunk * kDrawsPerChunk; draw < end; ++draw) {
      draw_users(draw, times);
      for (size_t r = 0; r < runs.size(); ++r) out[r][draw] = figure_of(*runs[r], times);
    }
  });
  return out;
}

Interval difference_interval(const SeedDraws& a, const SeedDraws& b) {
  int64_t degrees = 0;
  for (const SeedDraws* side : {&a, &b}) {
    if (has_spread(*side)) degrees += std::ssize(side->seeds) - 1;
  }
  std::vector<SeedSpread> spreads;
  const auto add_spread = [&](const SeedDraws& side, const SeedDraws& other) {
    const SeedDraws& source = has_spread(side) ? side : other;
    if (side.random && has_spread(source))
      spreads.emplace_back(source, side.seeds.size(), student_t_975(degrees));
  };
  add_spread(a, b);
  add_spread(b, a);
  std::vector<double> differences(a.seeds[0].size());
  for (size_t draw = 0; draw < differences.size(); ++draw) {
    RandomStream stream = Rng(kSeed).stream("seeds", draw);
    double value = mean_at(a, draw) - mean_at(b, draw);
    for (const SeedSpread& spread : spreads) value += spread.draw(draw, stream);
    differences[draw] = value;
  }
  std::ranges::sort(differences);
  return {point(differences, 0.025), point(differences, 0.975)};
}

}  // namespace latent
