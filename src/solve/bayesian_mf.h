// Bayesian matrix factorisation of ratings by Gibbs sampling, without a learning rate or a penalty.
//
// Dimension legend: U users, I items, K factors, D = K + 1: a bias and the factors.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "src/data/interactions.h"
#include "src/solve/normal_wishart.h"

namespace latent {

struct BayesianMfOptions {
  int32_t factors = 10;         ///< 0: biases alone
  bool implicit_users = false;  ///< who rated an item says something about it
  bool implicit_items = false;  ///< what a user rated says something about them
  uint64_t seed = 0;
  int threads = 0;
};

/// Values that are not drawn but given, in units of standardised ratings: for tests.
struct FixedHyperparameters {
  double noise_precision;
  NormalGroup users, items;
  NormalGroup members;  ///< of sets, both sides
};

/// r = mean + b_u + b_i + p_u . q_i + noise (Salakhutdinov & Mnih, ICML 2008, with biases). A row's
/// bias and factors are one vector, drawn at once from its normal distribution given all others;
/// those of users are normal with a normal-Wishart prior over their mean and precision, those of
/// items likewise, and the noise's precision is gamma distributed.
///
/// With implicit sets a user's vector is x_u + sum over their items of w_j / sqrt(count) (Koren's
/// SVD++), and an item's one likewise of its users; those vectors are a group of their own and
/// drawn one by one.
///
/// Ratings are standardised within. Each row has a random stream of its own in each pass, and sums
/// are cut alike whatever the number of threads, so the draws are too.
class BayesianMf {
 public:
  BayesianMf(const Interactions& rows, int32_t users, int32_t items,
             const BayesianMfOptions& options);

  /// Factors small and random, everything else 0.
  void start();
  /// Draws everything once, given all before; returns the mean squared error of the draw, in
  /// squared ratings. `number` from 0 names the random streams.
  double pass(int64_t number);

  /// The draw in units of the ratings, with sets folded in: score = mean + b_u + b_i + p_u . q_i.
  /// Biases [U] and [I] to a place every `bias_stride` numbers, factors [U, K] and [I, K] to rows
  /// of `stride`. A row without ratings has its group's mean.
  struct Places {
    float *user_bias, *item_bias, *user_factors, *item_factors;
    int64_t bias_stride, stride;
  };
  void store(const Places& places) const;
  /// Variance of the noise of the draw, in squared ratings.
  double noise_variance() const;

  /// What a later pass depends on beside its number: vectors of users, items and the sets' members,
  /// in a fixed order.
  std::vector<std::span<double>> state();
  /// After state() has been filled from outside.
  void restored();

  /// Takes hyperparameters for given from the next pass on.
  void fix(const FixedHyperparameters& fixed) { fixed_ = fixed; }

 private:
  /// One of the two sides, by row.
  struct Side {
    int32_t rows = 0;
    std::vector<int64_t> start;   // [R + 1], of ratings
    std::vector<int32_t> column;  // the other side's rows
    std::vector<float> rating;    // standardised
    std::vector<double> own;      // x [R, stride]
    std::vector<double> total;    // x and the set's part [R, stride]
    NormalGroup group;
    // Of sets; empty without.
    std::vector<int64_t> set_start, member_start;  // [R + 1]; by member, [M + 1]
    std::vector<int32_t> set, member_of;           // members of a row; rows of a member
    std::vector<double> scale;                     // 1 / sqrt(members) [R]
    std::vector<double> member;                    // w [M, stride]
    NormalGroup member_group;
    std::vector<double> gram, error;  // [R, stride, stride], [R, stride]: see draw_members()

    int64_t count(int64_t row) const { return start[row + 1] - start[row]; }
    bool has_sets() const { return !set_start.empty(); }
  };

  void fill_side(Side& side, std::span<const int32_t> own, std::span<const int32_t> other,
                 int32_t others, bool sets);
  void draw_side(Side& side, const Side& other, const NormalGroup* given, const Rng& rng);
  /// gram = sum of v v^T over a row's ratings, sum = that of v times what the other side's bias
  /// leaves of them, where v is the other side's (1, factors).
  void add_ratings(const Side& side, const Side& other, int64_t row, double* gram,
                   double* sum) const;
  /// Of every row, gram and the sum of v times the errors.
  void sum_errors(Side& side, const Side& other);
  void draw_members(Side& side, int32_t members, const Rng& rng);
  void draw_member(Side& side, int64_t m, const double* gram, const Rng& rng);
  /// A vector of a group given sums over the ratings that it reaches.
  void draw_vector(const NormalGroup& group, const double* gram, const double* sum,
                   RandomStream stream, double* out) const;
  void draw_rows(Side& side, const Side& other, const Rng& rng);
  void add_sets(Side& side) const;
  NormalGroup group_of(const std::vector<double>& vectors, const std::vector<int64_t>& start,
                       RandomStream stream) const;
  double squared_error() const;

  int32_t factors_, d_, stride_;
  BayesianMfOptions options_;
  std::vector<float> rating_;  // standardised
  double mean_ = 0, deviation_ = 1;
  Side users_, items_;
  std::vector<double> regressors_;  // v of the side that is given [R, stride]
  double noise_precision_ = 1, error_ = 0;
  std::optional<FixedHyperparameters> fixed_;
};

}  // namespace latent
