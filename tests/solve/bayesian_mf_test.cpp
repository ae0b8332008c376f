// The sampler against exact posteriors of models that are conjugate, and its promises about threads
// and resuming.
#include "src/solve/bayesian_mf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace latent {
namespace {

struct Draw {
  Draw(int32_t users, int32_t items, int32_t factors)
      : user_bias(users), item_bias(items), user(users * factors), item(items * factors) {}
  std::vector<float> user_bias, item_bias, user, item;
};

Draw draw_of(const BayesianMf& solver, int32_t users, int32_t items, int32_t factors) {
  Draw out(users, items, factors);
  solver.store({out.user_bias.data(), out.item_bias.data(), out.user.data(), out.item.data(), 1,
                factors});
  return out;
}

/// 4 users, 3 items; user 3 has none.
Interactions few_rows() {
  Interactions rows;
  for (const auto& [u, i, r] : std::vector<std::tuple<int, int, float>>{
           {0, 0, 5.0f}, {0, 1, 3.0f}, {0, 2, 4.0f}, {1, 0, 4.5f}, {1, 2, 1.0f}, {2, 1, 2.0f},
           {2, 2, 2.5f}})
    rows.push(u, i, r);
  return rows;
}

double deviation(const Interactions& rows) {
  const double mean = mean_rating(rows);
  double sum = 0;
  for (const float r : rows.rating) sum += (r - mean) * (r - mean);
  return std::sqrt(sum / static_cast<double>(rows.size()));
}

/// Mean and inverse of a normal distribution with precision a [n, n] and pull b: Gauss-Jordan.
struct Posterior {
  Posterior(std::vector<std::vector<double>> a, std::vector<double> b) : mean(std::move(b)) {
    const size_t n = mean.size();
    covariance.assign(n, std::vector<double>(n));
    for (size_t i = 0; i < n; ++i) covariance[i][i] = 1;
    for (size_t p = 0; p < n; ++p) {
      const double pivot = a[p][p];
      for (size_t j = 0; j < n; ++j) {
        a[p][j] /= pivot;
        covariance[p][j] /= pivot;
      }
      mean[p] /= pivot;
      for (size_t i = 0; i < n; ++i) {
        const double factor = a[i][p];
        if (i == p || factor == 0) continue;
        for (size_t j = 0; j < n; ++j) {
          a[i][j] -= factor * a[p][j];
          covariance[i][j] -= factor * covariance[p][j];
        }
        mean[i] -= factor * mean[p];
      }
    }
  }
  std::vector<double> mean;
  std::vector<std::vector<double>> covariance;
};

struct Moments {
  double sum = 0, squares = 0;
  int64_t count = 0;
  void add(double x) {
    sum += x;
    squares += x * x;
    ++count;
  }
  double mean() const { return sum / static_cast<double>(count); }
  double variance() const { return squares / static_cast<double>(count) - mean() * mean(); }
};

/// The exact posterior of users' biases, then items', then (with sets) of what an item says of its
/// users, with all hyperparameters given: r = b_u + sum w_j / sqrt(n_u) + c_i in units of
/// deviations.
Posterior exact_biases(const Interactions& rows, bool sets, const FixedHyperparameters& given) {
  const size_t users = 4, items = 3, all = users + items + (sets ? items : 0);
  std::vector<std::vector<double>> a(all, std::vector<double>(all));
  std::vector<double> b(all);
  for (size_t n = 0; n < all; ++n) {
    const NormalGroup& group = n < users           ? given.users
                               : n < users + items ? given.items
                                                   : given.members;
    a[n][n] = group.precision[0];
    b[n] = group.precision[0] * group.mean[0];
  }
  std::map<int, std::set<int>> had;
  for (int64_t n = 0; n < rows.size(); ++n) had[rows.user[n]].insert(rows.item[n]);
  const double mean = mean_rating(rows), unit = deviation(rows);
  for (int64_t n = 0; n < rows.size(); ++n) {
    std::vector<double> v(all);
    v[rows.user[n]] = 1;
    v[users + rows.item[n]] = 1;
    const auto& set = had[rows.user[n]];
    if (sets) {
      for (const int j : set) v[users + items + j] = 1 / std::sqrt(static_cast<double>(set.size()));
    }
    for (size_t i = 0; i < all; ++i) {
      for (size_t j = 0; j < all; ++j) a[i][j] += given.noise_precision * v[i] * v[j];
      b[i] += given.noise_precision * v[i] * (rows.rating[n] - mean) / unit;
    }
  }
  return {a, b};
}

TEST(BayesianMf, OfBiasesAloneDrawsFromTheExactPosterior) {
  const Interactions rows = few_rows();
  const FixedHyperparameters given{2, {{0.1}, {3}}, {{-0.2}, {1.5}}, {{0.3}, {2}}};
  const double unit = deviation(rows);
  for (const bool sets : {false, true}) {
    const Posterior exact = exact_biases(rows, sets, given);
    BayesianMf solver(rows, 4, 3, {.factors = 0, .implicit_items = sets, .seed = 5, .threads = 1});
    solver.fix(given);
    solver.start();
    std::vector<Moments> users(3), items(3);
    for (int n = 0; n < 60'000; ++n) {
      solver.pass(n);
      if (n < 200) continue;
      const Draw draw = draw_of(solver, 4, 3, 0);
      for (int k = 0; k < 3; ++k) users[k].add(draw.user_bias[k] / unit);
      for (int k = 0; k < 3; ++k) items[k].add(draw.item_bias[k] / unit);
    }
    for (int i = 0; i < 3; ++i) {
      EXPECT_NEAR(items[i].mean(), exact.mean[4 + i], 0.02) << sets << i;
      EXPECT_NEAR(items[i].variance() / exact.covariance[4 + i][4 + i], 1, 0.05) << sets << i;
    }
    const std::vector<std::vector<int>> had = {{0, 1, 2}, {0, 2}, {1, 2}};
    for (int u = 0; u < 3; ++u) {
      // What is stored of a user holds the set's part.
      std::vector<double> v(exact.mean.size());
      v[u] = 1;
      for (const int j : had[u])
        if (sets) v[7 + j] = 1 / std::sqrt(static_cast<double>(had[u].size()));
      double mean = 0, variance = 0;
      for (size_t i = 0; i < v.size(); ++i) {
        mean += v[i] * exact.mean[i];
        for (size_t j = 0; j < v.size(); ++j) variance += v[i] * v[j] * exact.covariance[i][j];
      }
      EXPECT_NEAR(users[u].mean(), mean, 0.02) << sets << u;
      EXPECT_NEAR(users[u].variance() / variance, 1, 0.05) << sets << u;
    }
  }
}

TEST(BayesianMf, DrawsAUsersFactorsFromTheExactPosteriorGivenTheItems) {
  // One item, whose vector a priori is as good as known, and a user who rated it three times.
  Interactions rows;
  for (const float r : {1.0f, 2.0f, 6.0f}) rows.push(0, 0, r);
  rows.push(1, 0, 3.0f);
  const double mean = mean_rating(rows), unit = deviation(rows);
  const std::vector<double> item = {0.4, 0.8, -0.5};
  const std::vector<double> precision = {2, 0.3, 0, 0.3, 3, 0.5, 0, 0.5, 1};
  const FixedHyperparameters given{
      1.5, {{0.1, 0.2, -0.3}, precision}, {item, {1e9, 0, 0, 0, 1e9, 0, 0, 0, 1e9}}, {}};
  std::vector<std::vector<double>> a(3, std::vector<double>(3));
  std::vector<double> b(3);
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      a[i][j] = precision[i * 3 + j];
      b[i] += precision[i * 3 + j] * given.users.mean[j];
    }
  }
  const std::vector<double> v = {1, 0.8, -0.5};
  for (const double r : {1.0, 2.0, 6.0}) {
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) a[i][j] += 1.5 * v[i] * v[j];
      b[i] += 1.5 * v[i] * ((r - mean) / unit - 0.4);
    }
  }
  const Posterior exact(a, b);

  BayesianMf solver(rows, 2, 1, {.factors = 2, .seed = 6, .threads = 1});
  solver.fix(given);
  solver.start();
  std::vector<Moments> found(3);
  for (int n = 0; n < 60'000; ++n) {
    solver.pass(n);
    if (n < 10) continue;
    const Draw draw = draw_of(solver, 2, 1, 2);
    found[0].add(draw.user_bias[0] / unit);
    for (int k = 0; k < 2; ++k) found[1 + k].add(draw.user[k] / std::sqrt(unit));
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(found[i].mean(), exact.mean[i], 0.015) << i;
    EXPECT_NEAR(found[i].variance() / exact.covariance[i][i], 1, 0.03) << i;
  }
}

/// Ratings that two planted factors and noise of .5 make; `noise` is given its variance.
Interactions planted(int32_t users, int32_t items, double* noise = nullptr) {
  RandomStream stream = Rng(9).stream("planted");
  std::vector<double> p(2 * users), q(2 * items);
  for (double& v : p) v = stream.normal();
  for (double& v : q) v = stream.normal();
  Interactions rows;
  double squares = 0;
  for (int32_t u = 0; u < users; ++u) {
    for (int32_t i = 0; i < items; ++i) {
      if (stream.uniform() > 0.4) continue;
      const double error = 0.5 * stream.normal();
      squares += error * error;
      rows.push(u, i, static_cast<float>(3 + p[2 * u] * q[2 * i] + p[2 * u + 1] * q[2 * i + 1] +
                                         error));
    }
  }
  if (noise != nullptr) *noise = squares / static_cast<double>(rows.size());
  return rows;
}

TEST(BayesianMf, FindsTheNoiseThatWasPlanted) {
  double planted_noise = 0;
  const Interactions rows = planted(150, 90, &planted_noise);
  BayesianMf solver(rows, 150, 90, {.factors = 2, .seed = 1});
  solver.start();
  Moments noise;
  for (int n = 0; n < 120; ++n) {
    solver.pass(n);
    if (n >= 40) noise.add(solver.noise_variance());
  }
  EXPECT_NEAR(noise.mean() / planted_noise, 1, 0.04);
}

/// The draw after `passes` passes with all there is switched on.
Draw drawn(int threads, int passes) {
  BayesianMf solver(planted(150, 90), 150, 90,
                    {.factors = 5, .implicit_users = true, .implicit_items = true, .seed = 3,
                     .threads = threads});
  solver.start();
  for (int n = 0; n < passes; ++n) solver.pass(n);
  return draw_of(solver, 150, 90, 5);
}

TEST(BayesianMf, DrawsTheSameBitsForAnyNumberOfThreads) {
  const Draw one = drawn(1, 6);
  for (const int threads : {2, 3, 5}) {
    const Draw more = drawn(threads, 6);
    EXPECT_EQ(one.user, more.user) << threads;
    EXPECT_EQ(one.item, more.item) << threads;
    EXPECT_EQ(one.user_bias, more.user_bias) << threads;
    EXPECT_EQ(one.item_bias, more.item_bias) << threads;
  }
}

TEST(BayesianMf, GoesOnToTheSameBitsFromItsState) {
  const BayesianMfOptions options{.factors = 5, .implicit_users = true, .implicit_items = true,
                                  .seed = 3, .threads = 1};
  BayesianMf first(planted(150, 90), 150, 90, options), second(planted(150, 90), 150, 90, options);
  first.start();
  for (int n = 0; n < 4; ++n) first.pass(n);
  const auto from = first.state(), to = second.state();
  ASSERT_EQ(from.size(), to.size());
  for (size_t n = 0; n < from.size(); ++n) std::ranges::copy(from[n], to[n].begin());
  second.restored();
  for (int n = 4; n < 6; ++n) second.pass(n);
  EXPECT_EQ(draw_of(second, 150, 90, 5).item, drawn(1, 6).item);
}

TEST(BayesianMf, GivesARowWithoutRatingsItsGroupsMean) {
  const FixedHyperparameters given{2, {{0.1}, {3}}, {{-0.2}, {1.5}}, {}};
  BayesianMf solver(few_rows(), 4, 3, {.factors = 0, .threads = 1});
  solver.fix(given);
  solver.start();
  solver.pass(0);
  EXPECT_FLOAT_EQ(draw_of(solver, 4, 3, 0).user_bias[3],
                  static_cast<float>(0.1 * deviation(few_rows())));
}

TEST(BayesianMf, IsFiniteWhereAllRatingsAreOne) {
  Interactions rows;
  rows.push(0, 0, 1);
  rows.push(1, 0, 1);
  BayesianMf solver(rows, 2, 1, {.factors = 3, .implicit_users = true, .implicit_items = true});
  solver.start();
  for (int n = 0; n < 20; ++n) EXPECT_TRUE(std::isfinite(solver.pass(n)));
  EXPECT_TRUE(std::isfinite(solver.noise_variance()));
}

}  // namespace
}  // namespace latent
