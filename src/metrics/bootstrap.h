// Intervals of the difference of two settings, by drawing users and seeds anew.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace latent {

/// A run's figure as sums over users: sum of `sum` / sum of `weight`, or the root of that.
struct UserSums {
  std::vector<double> sum;     ///< [users]
  std::vector<double> weight;  ///< [users]; empty: 1 each
  bool root = false;

  double figure() const;
};

/// The figures that the runs would have had for other users: each draw takes as many users as there
/// are, with replacement, the same ones for all runs. [runs][draws]. Draw n is a function of n and
/// the number of users alone.
std::vector<std::vector<double>> redrawn_figures(std::span<const UserSums* const> runs,
                                                 int64_t draws, int threads);

/// One side of a comparison: the redrawn figures of a setting's runs, one for each seed.
struct SeedDraws {
  std::vector<std::span<const double>> seeds;  ///< [seeds][draws]
  bool random = true;  ///< false: its training draws nothing, so that all seeds are one
};

struct Interval {
  double low, high;
};

/// The 95 % interval of mean(a) - mean(b) over users and seeds: the 2.5 % and 97.5 % points
/// (linear between draws, as NumPy's) of the draws, each of which also draws the seeds of either
/// side with replacement. The bootstrap of a handful of seeds is too narrow by far: their spread is
/// widened by sqrt(n / (n - 1)) t / 1.96 with t of both sides' degrees of freedom, so that seeds
/// alone are covered at 95 %. A side with one seed is given the other's spread; where neither has
/// two, the interval is over users alone.
Interval difference_interval(const SeedDraws& a, const SeedDraws& b);

}  // namespace latent
