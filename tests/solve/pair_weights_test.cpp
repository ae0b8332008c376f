// Weights of pairs: how they are made, and what the solver takes for them.
#include "src/solve/pair_weights.h"

#include <nlohmann/json.hpp>

#include "src/base/file.h"
#include "src/solve/ials.h"
#include "tests/support.h"

namespace latent {
namespace {

TEST(PairWeights, AreOneOrSumsOfRatingsOrImplicitsBm25) {
  Interactions rows;
  rows.push(1, 2, 3);
  rows.push(0, 1, 2);
  rows.push(1, 2, 1.5f);
  rows.push(1, 0, 4);
  const WeightedRows ones = pair_weights(rows, 2, 3, "none"),
                     sums = pair_weights(rows, 2, 3, "rating");
  EXPECT_EQ(ones.start, (std::vector<int64_t>{0, 1, 3}));
  EXPECT_EQ(ones.column, (std::vector<int32_t>{1, 0, 2}));
  EXPECT_EQ(ones.weight, (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(sums.weight, (std::vector<float>{2, 4, 4.5f}));

  const auto golden =
      nlohmann::json::parse(read_file(std::string(LATENT_SOURCE_DIR) + "/tests/golden/ials.json"));
  const auto start = golden["start"].get<std::vector<int64_t>>();
  Interactions all;
  const int users = golden["users"], items = golden["items"];
  for (int u = 0; u < users; ++u) {
    for (int64_t n = start[u]; n < start[u + 1]; ++n)
      all.push(u, golden["column"][n], golden["bm25_of"][n].get<float>());
  }
  const WeightedRows weighted = pair_weights(all, users, items, "bm25");
  for (size_t n = 0; n < weighted.weight.size(); ++n)
    EXPECT_NEAR(weighted.weight[n], golden["bm25"][n].get<float>(), 1e-5) << n;
}

/// Users' and items' only factor after three iterations, then the objective.
std::vector<float> solved(const WeightedRows& pairs, int items, const IalsProblem& problem) {
  const auto eigen_of_one = [](int, double* matrix, double* values) {
    values[0] = matrix[0];
    matrix[0] = 1;
  };
  const auto users = static_cast<size_t>(pairs.rows());
  std::vector<float> out(users + items, 0.5f);
  IalsSolver solver(pairs, items, 1, problem, eigen_of_one, 1);
  solver.load(out.data(), out.data() + users);
  double objective = 0;
  for (int n = 0; n < 3; ++n) objective = solver.iterate();
  solver.store(out.data(), out.data() + users);
  out.push_back(static_cast<float>(objective));
  return out;
}

TEST(WeightedRows, WithoutWeightsCountOneInBothForms) {
  const WeightedRows bare{{0, 2, 2, 3, 6}, {0, 3, 1, 0, 1, 2}, {}};
  WeightedRows ones = bare, others = bare;
  ones.weight.assign(6, 1.0f);
  others.weight.assign(6, 3.0f);
  for (const bool implicit_form : {false, true}) {
    const IalsProblem problem = {implicit_form, /*alpha0=*/0.1, /*reg=*/0.01, /*nu=*/1,
                                 /*alpha=*/2};
    EXPECT_EQ(solved(bare, 4, problem), solved(ones, 4, problem)) << implicit_form;
    EXPECT_EQ(solved(bare, 4, problem) == solved(others, 4, problem), !implicit_form);
  }
  ones.weight.pop_back();
  const std::string text = LATENT_MESSAGE_OF(std::invalid_argument, solved(ones, 4, {}));
  EXPECT_EQ(text, "iALS: 5 weights for 6 pairs");
}

}  // namespace
}  // namespace latent
