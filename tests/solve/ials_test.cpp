// Exact iALS: every path against elimination in double, the objectives against brute force,
// implicit's own factors and loss.
#include "src/solve/ials.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/rng.h"
#include "src/kernels/gemm.h"
#include "src/solve/ials_rows.h"
#include "tests/support.h"

namespace latent {
namespace {

/// Cyclic Jacobi rotations.
void jacobi(int d, double* m, double* values) {
  std::vector<double> a(m, m + d * d), v(d * d);
  for (int i = 0; i < d; ++i) v[i * d + i] = 1;
  for (int sweep = 0; sweep < 40; ++sweep) {
    for (int p = 0; p < d; ++p) {
      for (int q = p + 1; q < d; ++q) {
        if (a[p * d + q] == 0) continue;
        const double theta = (a[q * d + q] - a[p * d + p]) / (2 * a[p * d + q]);
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::hypot(theta, 1));
        const double c = 1 / std::hypot(t, 1), s = t * c;
        for (int k = 0; k < d; ++k) {
          for (auto* columns : {&a, &v}) {
            double &x = (*columns)[k * d + p], &y = (*columns)[k * d + q];
            std::tie(x, y) = std::pair(c * x - s * y, s * x + c * y);
          }
        }
        for (int k = 0; k < d; ++k) {
          double &x = a[p * d + k], &y = a[q * d + k];
          std::tie(x, y) = std::pair(c * x - s * y, s * x + c * y);
        }
      }
    }
  }
  for (int i = 0; i < d; ++i) values[i] = a[i * d + i];
  std::copy(v.begin(), v.end(), m);
}

/// Users with 0, 1, few, about d and all items, in turn.
WeightedRows random_pairs(int users, int items, bool weighted, float lowest = 0.7f) {
  RandomStream stream(users * 31 + items);
  WeightedRows out;
  out.start.push_back(0);
  for (int u = 0; u < users; ++u) {
    const double share = u % 7 == 0 ? 0 : u % 7 == 1 ? 1 : 0.1 * (u % 7);
    for (int i = 0; i < items; ++i) {
      if (stream.uniform() >= share) continue;
      out.column.push_back(i);
      if (weighted) out.weight.push_back(lowest + static_cast<float>(2 * stream.uniform()));
    }
    out.start.push_back(static_cast<int64_t>(out.column.size()));
  }
  return out;
}

std::vector<float> random_factors(int64_t n, uint64_t seed) {
  RandomStream stream(seed);
  std::vector<float> out(n);
  for (float& x : out) x = static_cast<float>(0.3 * stream.normal());
  return out;
}

struct State {
  std::vector<float> users, items;
  double objective = 0;
};

constexpr IalsProblem kProblem = {
    .implicit_form = false, .alpha0 = 0.1, .reg = 0.01, .nu = 1, .alpha = 1};

State solved(const WeightedRows& pairs, int items, int factors, const IalsProblem& problem,
             int iterations, int threads = 2) {
  State s;
  s.users.resize(pairs.rows() * factors);
  s.items = random_factors(int64_t{items} * factors, 5);
  IalsSolver solver(pairs, items, factors, problem, jacobi, threads);
  solver.load(s.users.data(), s.items.data());
  for (int n = 0; n < iterations; ++n) s.objective = solver.iterate();
  solver.store(s.users.data(), s.items.data());
  return s;
}

double dot(const float* a, const float* b, int n) {
  double sum = 0;
  for (int f = 0; f < n; ++f) sum += double{a[f]} * b[f];
  return sum;
}

/// Over all pairs, as the header writes it.
double brute_objective(const WeightedRows& pairs, int items, int factors, const IalsProblem& p,
                       const State& s) {
  double sum = 0, confidence = 0;
  const WeightedRows by_item = pairs.transposed(items);
  const auto users = pairs.rows();
  for (int64_t u = 0; u < users; ++u) {
    const double own = p.implicit_form ? 1 : std::pow(pairs.count(u) + p.alpha0 * items, p.nu);
    sum += p.reg * own * dot(&s.users[u * factors], &s.users[u * factors], factors);
    int64_t at = pairs.start[u];
    for (int i = 0; i < items; ++i) {
      const double score = dot(&s.users[u * factors], &s.items[int64_t{i} * factors], factors);
      const bool seen = at < pairs.start[u + 1] && pairs.column[at] == i;
      if (p.implicit_form) {
        const double c = seen ? p.alpha * pairs.weight[at] : 1;
        sum += c * (seen - score) * (seen - score);
        confidence += c;
      } else {
        sum += p.alpha0 * score * score + (seen ? (1 - score) * (1 - score) : 0);
      }
      at += seen;
    }
  }
  for (int i = 0; i < items; ++i) {
    const double own =
        p.implicit_form ? 1
                        : std::pow(by_item.count(i) + p.alpha0 * static_cast<double>(users), p.nu);
    sum +=
        p.reg * own * dot(&s.items[int64_t{i} * factors], &s.items[int64_t{i} * factors], factors);
  }
  return p.implicit_form ? sum / confidence : sum;
}

struct Shape {
  int factors, count;
  bool weighted;
};

class RowSystems : public testing::TestWithParam<Shape> {};

TEST_P(RowSystems, AgreeWithEliminationInDouble) {
  const auto [d, count, weighted] = GetParam();
  constexpr int kFixed = 300, kLanes = 7;
  const int stride = padded_columns(d);
  RandomStream stream(d * 100 + count);
  Table<float> fixed(kFixed * stride);
  std::vector<float> values(stride, 1.0f);
  for (int n = 0; n < kFixed; ++n) {
    for (int f = 0; f < d; ++f) fixed[n * stride + f] = static_cast<float>(0.3 * stream.normal());
  }
  for (int f = 0; f < d; ++f) values[f] = static_cast<float>(3 * stream.uniform());
  const IalsShared shared{fixed.data(), values.data(), d, stride, 1.5f};
  std::vector<std::vector<int32_t>> columns(kLanes);
  std::vector<std::vector<float>> weights(kLanes), few(kLanes, std::vector<float>(stride)),
      many(few), plain(few);
  double few_objective[kLanes], many_objective[kLanes], plain_objective[kLanes];
  std::vector<IalsRow> rows(kLanes);
  IalsScratch scratch;
  for (int l = 0; l < kLanes; ++l) {
    const int own = std::max(1, count - l % 3);
    for (int n = 0; n < own; ++n) {
      columns[l].push_back(static_cast<int32_t>(stream.below(kFixed)));
      // c - 1 = 0 now and then.
      weights[l].push_back(n % 4 == 0 ? 1 / 1.5f : 0.7f + static_cast<float>(3 * stream.uniform()));
    }
    rows[l] = {columns[l].data(),
               weighted ? weights[l].data() : nullptr,
               own,
               0.2f + 0.1f * l,
               few[l].data(),
               &few_objective[l]};
    IalsRow row = rows[l];
    row.out = many[l].data();
    row.objective = &many_objective[l];
    solve_many(shared, row, scratch);
    row.out = plain[l].data();
    row.objective = &plain_objective[l];
    solve_plain(shared, row);
  }
  solve_few(shared, rows.data(), kLanes, scratch);
  for (int l = 0; l < kLanes; ++l) {
    const double size = std::sqrt(dot(plain[l].data(), plain[l].data(), d));
    for (int f = 0; f < d; ++f) {
      ASSERT_NEAR(few[l][f], plain[l][f], 2e-5 * size) << l << ", " << f;
      ASSERT_NEAR(many[l][f], plain[l][f], 2e-5 * size) << l << ", " << f;
    }
    EXPECT_NEAR(few_objective[l], plain_objective[l], 1e-4 * (1 + count));
    EXPECT_NEAR(many_objective[l], plain_objective[l], 1e-4 * (1 + count));
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, RowSystems,
                         testing::Values(Shape{1, 1, false}, Shape{5, 1, false}, Shape{5, 3, true},
                                         Shape{16, 2, false}, Shape{16, 9, true},
                                         Shape{20, 5, false}, Shape{64, 4, false},
                                         Shape{64, 40, true}, Shape{100, 7, false},
                                         Shape{128, 60, false}, Shape{64, 600, true}));

TEST(ManyPairs, TakeConfidencesBelowOneAndNegativeOnes) {
  constexpr int d = 12, stride = 16, kCount = 30;
  const std::vector<float> factors = random_factors(kCount * stride, 3);
  Table<float> fixed(factors.begin(), factors.end());
  for (int n = 0; n < kCount; ++n) std::fill_n(&fixed[n * stride + d], stride - d, 0.0f);
  const std::vector<float> values(stride, 30.0f);
  std::vector<int32_t> columns;
  std::vector<float> weights, out(stride), plain(stride);
  for (int n = 0; n < kCount; ++n) {
    columns.push_back(n);
    weights.push_back(n % 3 == 0 ? -2.0f : n % 3 == 1 ? 0.25f : 2.0f);
  }
  const IalsShared shared{fixed.data(), values.data(), d, stride, 1.0f};
  double objective = 0, plain_objective = 0;
  IalsScratch scratch;
  solve_many(shared, {columns.data(), weights.data(), kCount, 0.1f, out.data(), &objective},
             scratch);
  solve_plain(shared,
              {columns.data(), weights.data(), kCount, 0.1f, plain.data(), &plain_objective});
  for (int f = 0; f < d; ++f) EXPECT_NEAR(out[f], plain[f], 1e-5);
  EXPECT_NEAR(objective, plain_objective, 1e-4);
}

class Objective : public testing::TestWithParam<bool> {};

TEST_P(Objective, IsThatOfAllPairsAndNeverRises) {
  IalsProblem problem = kProblem;
  problem.implicit_form = GetParam();
  problem.reg = 0.03;
  problem.nu = 0.7;
  problem.alpha = 2;
  const WeightedRows pairs = random_pairs(60, 40, GetParam());
  double before = HUGE_VAL;
  for (const int iterations : {1, 2, 5}) {
    const State s = solved(pairs, 40, 10, problem, iterations);
    EXPECT_NEAR(s.objective, brute_objective(pairs, 40, 10, problem, s), 1e-5 * s.objective);
    EXPECT_LT(s.objective, before);
    before = s.objective;
  }
}

TEST_P(Objective, HasNoLowerPlaceBesideTheItemsFactors) {
  IalsProblem problem = kProblem;
  problem.implicit_form = GetParam();
  problem.reg = 0.1;
  const WeightedRows pairs = random_pairs(30, 25, GetParam());
  State s = solved(pairs, 25, 6, problem, 3);
  const double lowest = brute_objective(pairs, 25, 6, problem, s);
  for (const size_t n : {0u, 17u, 100u, 149u}) {
    for (const float step : {-0.01f, 0.01f}) {
      State beside = s;
      beside.items[n] += step;
      EXPECT_GT(brute_objective(pairs, 25, 6, problem, beside), lowest);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Objective, testing::Bool());

TEST(Ials, HasTheSameBitsForAnyNumberOfThreads) {
  const WeightedRows pairs = random_pairs(900, 70, false);
  const State one = solved(pairs, 70, 20, kProblem, 2, 1);
  for (const int threads : {2, 3, 5}) {
    const State other = solved(pairs, 70, 20, kProblem, 2, threads);
    EXPECT_EQ(other.users, one.users);
    EXPECT_EQ(other.items, one.items);
    EXPECT_EQ(other.objective, one.objective);
  }
}

TEST(Ials, GivesRowsWithoutPairsNothing) {
  const WeightedRows pairs = random_pairs(14, 40, false);
  const State s = solved(pairs, 40, 5, kProblem, 1);
  for (int f = 0; f < 5; ++f) EXPECT_EQ(s.users[7 * 5 + f], 0);
}

TEST(Ials, NamesTheKnobWhereTheGramMatrixIsNotPositiveDefinite) {
  // Three items cannot span ten factors.
  const WeightedRows pairs = random_pairs(14, 3, true);
  IalsProblem problem = kProblem;
  problem.reg = 0;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, solved(random_pairs(14, 3, false), 3, 10, problem, 1)),
            "the Gram matrix of the factors is not positive definite; raise ials.reg (now 0.0)");
  problem.alpha0 = 0;
  EXPECT_NE(LATENT_MESSAGE_OF(Error, solved(random_pairs(14, 3, false), 3, 10, problem, 1))
                .find("or ials.alpha0 (now 0.0)"),
            std::string::npos);
  problem.implicit_form = true;
  EXPECT_NE(LATENT_MESSAGE_OF(Error, solved(pairs, 3, 10, problem, 1)).find("raise ials.reg"),
            std::string::npos);
}

TEST(ImplicitForm, FollowsImplicitItself) {
  const auto golden =
      nlohmann::json::parse(read_file(std::string(LATENT_SOURCE_DIR) + "/tests/golden/ials.json"));
  WeightedRows pairs;
  pairs.start = golden["start"].get<std::vector<int64_t>>();
  pairs.column = golden["column"].get<std::vector<int32_t>>();
  pairs.weight = golden["weight"].get<std::vector<float>>();
  const int users = golden["users"], items = golden["items"], d = golden["factors"];
  IalsProblem problem = kProblem;
  problem.implicit_form = true;
  problem.reg = golden["reg"];
  problem.alpha = golden["alpha"];
  std::vector<float> u(users * d), i = golden["item_factors"].get<std::vector<float>>();
  IalsSolver solver(pairs, items, d, problem, jacobi, 1);
  solver.load(u.data(), i.data());
  for (const double loss : golden["loss"]) EXPECT_NEAR(solver.iterate(), loss, 1e-5 * loss);
  solver.store(u.data(), i.data());
  for (int a = 0; a < users; ++a) {
    for (int b = 0; b < items; ++b)
      EXPECT_NEAR(dot(&u[a * d], &i[b * d], d), golden["scores"][a * items + b].get<double>(),
                  2e-4);
  }
}

}  // namespace
}  // namespace latent
