// The SVD solvers: the exact one against Surprise itself, the fast one against the exact one.
#include "src/solve/svd_sgd.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <random>
#include <utility>

#include "src/base/rng.h"
#include "src/data/read.h"
#include "tests/support.h"

namespace latent {
namespace {

/// Surprise's own.
constexpr SvdRates kRates = {.lr_bu = 0.005,
                             .lr_bi = 0.005,
                             .lr_pu = 0.005,
                             .lr_qi = 0.005,
                             .reg_bu = 0.02,
                             .reg_bi = 0.02,
                             .reg_pu = 0.02,
                             .reg_qi = 0.02,
                             .biased = true};

/// numpy.random.RandomState(seed).normal(): Mersenne Twister and the polar method, as Surprise
/// draws its first factors.
class NumpyNormal {
 public:
  explicit NumpyNormal(uint32_t seed) : engine_(seed) {}
  double operator()() {
    if (kept_) return std::exchange(kept_, std::nullopt).value();
    double x, y, r;
    do {
      x = 2 * uniform() - 1;
      y = 2 * uniform() - 1;
      r = x * x + y * y;
    } while (r >= 1 || r == 0);
    const double f = std::sqrt(-2 * std::log(r) / r);
    kept_ = f * x;
    return f * y;
  }

 private:
  double uniform() {
    const uint32_t a = engine_() >> 5, b = engine_() >> 6;
    return (a * 67108864.0 + b) / 9007199254740992.0;
  }
  std::mt19937 engine_;
  std::optional<double> kept_;
};

Dataset movielens() {
  DataOptions options;
  return parse_files({shared_data("ml-100k/u.data")}, options, false).data;
}

/// Surprise's order: users by first appearance, each user's rows as in the file.
Interactions grouped_by_user(const Interactions& rows) {
  std::vector<int64_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return rows.user[a] < rows.user[b]; });
  Interactions out;
  for (const int64_t n : order) out.push_from(rows, n);
  return out;
}

TEST(SvdExact, FollowsSurpriseThroughTwentyEpochsOfMovieLens) {
  LATENT_NEEDS_DATA("ml-100k/u.data");
  const Dataset data = movielens();
  SvdTables<double> t(data.users.size(), data.items.size(), 100, 100);
  t.mean = mean_rating(data.rows);
  NumpyNormal normal(0);
  for (double& v : t.p) v = 0.1 * normal();
  for (double& v : t.q) v = 0.1 * normal();
  const Interactions rows = grouped_by_user(data.rows);
  for (int epoch = 0; epoch < 20; ++epoch) svd_epoch_exact(t, rows, kRates);

  // From Surprise 1.1.5: SVD(random_state=0).fit(build_full_trainset()) on u.data: entries of bu,
  // bi, pu, qi, and the sums of their absolute values.
  const std::vector<std::pair<int, double>> bu = {{0, -0.08595347650020604},
                                                  {1, -0.06539447336354318},
                                                  {100, -0.804684716322178},
                                                  {500, -0.4620333464552295},
                                                  {942, 0.20893249489108973}};
  const std::vector<std::pair<int, double>> bi = {{0, 0.5907816565949018},
                                                  {1, 0.7471924580205295},
                                                  {100, 0.6226211450685628},
                                                  {500, 0.21773254379260368},
                                                  {1681, 0.013093180608982569}};
  const std::vector<std::pair<int, double>> p = {{0, 0.007416017218332583},
                                                 {107, 0.020121453331501345},
                                                 {10099, -0.3125334062158141},
                                                 {50050, -0.09900397165451782},
                                                 {94203, -0.12225927520811687}};
  const std::vector<std::pair<int, double>> q = {{0, 0.010494177650578765},
                                                 {107, 0.11969187896561907},
                                                 {10099, 0.013012494531381738},
                                                 {50050, 0.052329572042739594},
                                                 {94203, 0.08245747255685702}};
  for (const auto& [n, value] : bu) EXPECT_NEAR(t.bu[n], value, 1e-9);
  for (const auto& [n, value] : bi) EXPECT_NEAR(t.bi[n], value, 1e-9);
  for (const auto& [n, value] : p) EXPECT_NEAR(t.p[n], value, 1e-9);
  for (const auto& [n, value] : q) EXPECT_NEAR(t.q[n], value, 1e-9);
  const auto size = [](const auto& v) {
    return std::accumulate(v.begin(), v.end(), 0.0,
                           [](double s, double x) { return s + std::abs(x); });
  };
  EXPECT_NEAR(size(t.bu), 283.05316508750906, 1e-7);
  EXPECT_NEAR(size(t.bi), 545.1501523354818, 1e-7);
  EXPECT_NEAR(size(t.p), 9831.31808545265, 1e-6);
  EXPECT_NEAR(size(t.q), 15954.244892396666, 1e-6);
}

/// A data set of planted biases and factors: `train` and `test` rows.
struct Planted {
  explicit Planted(int32_t users = 300, int32_t items = 200, int64_t n = 12000)
      : users(users), items(items) {
    RandomStream s = Rng(5).stream("planted");
    std::vector<double> bu(users), bi(items), p(users), q(items);
    for (auto* v : {&bu, &bi, &p, &q}) {
      for (double& x : *v) x = 0.5 * s.normal();
    }
    for (int64_t k = 0; k < n; ++k) {
      const auto u = static_cast<int32_t>(s.below(users)), i = static_cast<int32_t>(s.below(items));
      const auto r = static_cast<float>(3.5 + bu[u] + bi[i] + 2 * p[u] * q[i] + 0.3 * s.normal());
      (k % 10 == 0 ? test : train).push(u, i, r);
    }
  }
  int32_t users, items;
  Interactions train, test;
};

template <typename T>
SvdTables<T> start(const Planted& data, int32_t factors, uint64_t seed) {
  SvdTables<T> t(data.users, data.items, factors, svd_stride(factors));
  t.mean = static_cast<T>(mean_rating(data.train));
  RandomStream s = Rng(seed).stream("init");
  for (auto* table : {&t.p, &t.q}) {
    for (size_t row = 0; row < table->size() / t.stride; ++row) {
      for (int32_t f = 0; f < factors; ++f)
        (*table)[row * t.stride + f] = static_cast<T>(0.1 * s.normal());
    }
  }
  return t;
}

template <typename T>
double rmse(const SvdTables<T>& t, const Interactions& rows) {
  double sum = 0;
  for (int64_t n = 0; n < rows.size(); ++n) {
    double r = t.mean + t.bu[rows.user[n]] + t.bi[rows.item[n]];
    for (int32_t f = 0; f < t.stride; ++f)
      r += t.p[int64_t{rows.user[n]} * t.stride + f] * t.q[int64_t{rows.item[n]} * t.stride + f];
    sum += (r - rows.rating[n]) * (r - rows.rating[n]);
  }
  return std::sqrt(sum / static_cast<double>(rows.size()));
}

TEST(SvdBlocks, PredictAsWellAsTheExactSolver) {
  const Planted data;
  double exact = 0, fast = 0;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    auto a = start<double>(data, 20, seed);
    auto b = start<float>(data, 20, seed);
    const SvdBlocks blocks(data.train, data.users, data.items, seed);
    const Interactions rows = grouped_by_user(data.train);
    for (int epoch = 0; epoch < 20; ++epoch) {
      svd_epoch_exact(a, rows, kRates);
      blocks.epoch(b, kRates, epoch, 2);
    }
    exact += rmse(a, data.test) / 3;
    fast += rmse(b, data.test) / 3;
  }
  EXPECT_LT(fast, exact + 0.002);
}

TEST(SvdBlocks, TakeTheExactSolversStepOnEachRating) {
  // No user and no item twice: the order of the ratings makes no difference.
  Interactions rows;
  for (int32_t n = 0; n < 50; ++n) rows.push(n, n * 7 % 50, static_cast<float>(1 + n % 5));
  SvdRates rates = kRates;
  rates.lr_bu = 0.1, rates.lr_bi = 0.2, rates.lr_pu = 0.3, rates.lr_qi = 0.4;
  rates.reg_bu = 0.5, rates.reg_bi = 0.6, rates.reg_pu = 0.7, rates.reg_qi = 0.8;
  for (const bool biased : {true, false}) {
    rates.biased = biased;
    for (const int32_t factors : {1, 8, 13, 20, 30, 50, 64, 100, 128, 150}) {
      SvdTables<double> exact(50, 50, factors, svd_stride(factors));
      SvdTables<float> fast(50, 50, factors, svd_stride(factors));
      exact.mean = fast.mean = 3.25;
      RandomStream s = Rng(factors).stream("tables");
      const auto fill = [&](auto& a, auto& b, int32_t stride, int32_t columns) {
        for (size_t row = 0; row < a.size(); row += stride) {
          for (int32_t k = 0; k < columns; ++k)
            a[row + k] = b[row + k] = static_cast<float>(0.3 * s.normal());
        }
      };
      fill(exact.p, fast.p, fast.stride, factors);
      fill(exact.q, fast.q, fast.stride, factors);
      fill(exact.bu, fast.bu, 1, 1);
      fill(exact.bi, fast.bi, 1, 1);
      const double met = SvdBlocks(rows, 50, 50, 3).epoch(fast, rates, 0, 2);
      EXPECT_NEAR(met / svd_epoch_exact(exact, rows, rates), 1, 1e-5);
      for (size_t n = 0; n < exact.p.size(); ++n) EXPECT_NEAR(fast.p[n], exact.p[n], 1e-5);
      for (size_t n = 0; n < exact.q.size(); ++n) EXPECT_NEAR(fast.q[n], exact.q[n], 1e-5);
      for (size_t n = 0; n < exact.bu.size(); ++n) EXPECT_NEAR(fast.bu[n], exact.bu[n], 1e-5);
      for (size_t n = 0; n < exact.bi.size(); ++n) EXPECT_NEAR(fast.bi[n], exact.bi[n], 1e-5);
    }
  }
}

TEST(SvdBlocks, GiveTheSameBitsForAnyNumberOfThreads) {
  const Planted data;
  std::vector<SvdTables<float>> results;
  std::vector<double> errors;
  for (const int threads : {1, 2, 3}) {
    auto t = start<float>(data, 13, 0);
    const SvdBlocks blocks(data.train, data.users, data.items, 0);
    for (int epoch = 0; epoch < 3; ++epoch)
      errors.push_back(blocks.epoch(t, kRates, epoch, threads));
    results.push_back(t);
  }
  for (size_t n = 1; n < results.size(); ++n) {
    EXPECT_EQ(results[n].p, results[0].p);
    EXPECT_EQ(results[n].q, results[0].q);
    EXPECT_EQ(results[n].bu, results[0].bu);
    EXPECT_EQ(errors[3 * n + 2], errors[2]);
  }
}

TEST(SvdBlocks, VisitEveryRatingOnceAnEpoch) {
  const Planted data(40, 30, 1000);
  SvdTables<float> t(data.users, data.items, 8, 8);
  t.mean = 0;
  SvdRates still = kRates;
  still.lr_bu = still.lr_bi = still.lr_pu = still.lr_qi = 0;
  // Nothing moves, so the mean squared error is that of predicting 0: a rating left out or taken
  // twice would show.
  double expected = 0;
  for (const float r : data.train.rating) expected += r * r;
  const double met = SvdBlocks(data.train, data.users, data.items, 1).epoch(t, still, 0, 2);
  EXPECT_NEAR(met, expected / static_cast<double>(data.train.size()), 1e-5 * met);
}

TEST(SvdBlocks, KeepThePaddingZeroAndBiasesStillWhereUnbiased) {
  const Planted data;
  auto t = start<float>(data, 13, 0);
  SvdRates rates = kRates;
  rates.biased = false;
  SvdBlocks(data.train, data.users, data.items, 0).epoch(t, rates, 0, 2);
  for (size_t n = 0; n < t.p.size(); ++n) {
    if (n % t.stride >= 13) {
      EXPECT_EQ(t.p[n], 0);
    }
  }
  EXPECT_EQ(std::count(t.bu.begin(), t.bu.end(), 0.0f), data.users);
}

}  // namespace
}  // namespace latent
