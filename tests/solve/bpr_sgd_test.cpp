// BPR by SGD: the exact solver against implicit itself, the others against the exact one.
#include "src/solve/bpr_sgd.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/rng.h"
#include "src/data/read.h"
#include "tests/support.h"

namespace latent {
namespace {

using nlohmann::json;

const json& goldens() {
  static const json all =
      json::parse(read_file(std::string(LATENT_SOURCE_DIR) + "/tests/golden/bpr_implicit.json"));
  return all;
}

UserItems movielens() {
  DataOptions options;
  const Dataset data = parse_files({shared_data("ml-100k/u.data")}, options, false).data;
  return user_items(data.rows, data.users.size());
}

UserItems interactions_of(const json& golden) {
  std::vector<int32_t> users, items;
  for (const auto& pair : golden["interactions"]) {
    users.push_back(pair[0]);
    items.push_back(pair[1]);
  }
  return UserItems(users, items, golden["users"]);
}

/// numpy.random.RandomState(seed).rand(): 53 bits of two draws.
class NumpyUniform {
 public:
  explicit NumpyUniform(uint32_t seed) : engine_(seed) {}
  double operator()() {
    const uint32_t a = engine_() >> 5, b = engine_() >> 6;
    return (a * 67108864.0 + b) / 9007199254740992.0;
  }

 private:
  std::mt19937 engine_;
};

/// The golden script's initial factors.
BprTables golden_start(const json& golden, const UserItems& pairs) {
  BprTables t(golden["users"], golden["items"], golden["factors"]);
  draw_bpr_factors(t, pairs, 0);  // for its zero rows and its ones; all other numbers are replaced
  NumpyUniform uniform(goldens()["initial_seed"]);
  for (auto* table : {&t.items, &t.users}) {
    for (size_t row = 0; row < table->size(); row += t.stride) {
      const bool empty = (*table)[row] == 0;
      for (int k = 0; k <= t.factors; ++k) {
        const auto value = static_cast<float>((uniform() - 0.5) / t.factors);
        if (!empty && (table == &t.items || k < t.factors)) (*table)[row + k] = value;
      }
    }
  }
  return t;
}

/// Factors and bias of `row` against golden["..._factors"], to 1e-5.
void expect_row(const Table<float>& table, const BprTables& t, int row, const json& golden,
                size_t golden_row, const std::string& what) {
  for (int k = 0; k <= t.factors; ++k) {
    EXPECT_NEAR(table[int64_t{row} * t.stride + k],
                golden[golden_row * (t.factors + 1) + k].get<double>(), 1e-5)
        << what << " " << row << ", column " << k << "; goldens come from " << goldens()["how"];
  }
}

BprTables run_exact(const json& golden, const UserItems& pairs) {
  BprTables t = golden_start(golden, pairs);
  EXPECT_EQ(pairs.item.size(), golden["pairs"].get<size_t>());
  const BprSgd sgd(pairs, golden["items"], {golden["lr"], golden["reg"], golden["verify"]}, 0);
  std::mt19937 generator(golden["generator_seed"].get<uint32_t>());
  for (const auto& counts : golden["counts"]) {
    const BprCounts expected = {golden["pairs"], counts[0], counts[1]};
    EXPECT_EQ(sgd.epoch_exact(t, generator), expected);
  }
  return t;
}

TEST(BprExact, FollowsImplicitOnASmallMatrix) {
  for (const char* name : {"small", "unverified"}) {
    const json& golden = goldens()[name];
    const BprTables t = run_exact(golden, interactions_of(golden));
    for (int u = 0; u < golden["users"]; ++u)
      expect_row(t.users, t, u, golden["user_factors"], u, "user");
    for (int i = 0; i < golden["items"]; ++i)
      expect_row(t.items, t, i, golden["item_factors"], i, "item");
  }
}

TEST(BprExact, FollowsImplicitThroughThreeEpochsOfMovieLens) {
  LATENT_NEEDS_DATA("ml-100k/u.data");
  const json& golden = goldens()["movielens"];
  const BprTables t = run_exact(golden, movielens());
  for (size_t n = 0; n < golden["user_rows"].size(); ++n) {
    expect_row(t.users, t, golden["user_rows"][n], golden["user_factors"], n, "user");
    expect_row(t.items, t, golden["item_rows"][n], golden["item_factors"], n, "item");
  }
  const auto size = [](const Table<float>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0,
                           [](double s, double x) { return s + std::abs(x); });
  };
  EXPECT_NEAR(size(t.users), golden["user_sum"], 1e-3);
  EXPECT_NEAR(size(t.items), golden["item_sum"], 1e-3);
}

}  // namespace
}  // namespace latent
