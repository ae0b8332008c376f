// BPR by SGD: the exact solver against implicit itself, the others against the exact one.
#include "src/solve/bpr_sgd.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/rng.h"
#include "src/data/read.h"
#include "tests/solve/bpr_support.h"
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

TEST(BprExact, GoesOnFromAGeneratorKeptAsText) {
  const json& golden = goldens()["small"];
  const UserItems pairs = interactions_of(golden);
  const BprSgd sgd(pairs, golden["items"], kRates, 0);
  BprTables whole = golden_start(golden, pairs), resumed = whole;
  std::mt19937 a(5), b(5);
  sgd.epoch_exact(whole, a);
  sgd.epoch_exact(resumed, b);
  const std::string text = generator_text(b);
  sgd.epoch_exact(whole, a);
  std::mt19937 c = generator_from_text(text);
  sgd.epoch_exact(resumed, c);
  EXPECT_EQ(whole.users, resumed.users);
  EXPECT_EQ(whole.items, resumed.items);
  EXPECT_THROW(generator_from_text("1 2 three"), Error);
}

// ---- every mode
// ----------------------------------------------------------------------------------

using Epoch = BprCounts (*)(BprSgd&, BprTables&, int64_t epoch, std::mt19937&);
struct Mode {
  const char* name;
  Epoch run;
};
void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.name; }
const Mode kModes[] = {
    {"Exact",
     [](BprSgd& s, BprTables& t, int64_t, std::mt19937& g) { return s.epoch_exact(t, g); }},
    {"Fast", [](BprSgd& s, BprTables& t, int64_t e, std::mt19937&) { return s.epoch(t, e, 2); }},
    {"Deterministic", [](BprSgd& s, BprTables& t, int64_t e,
                         std::mt19937&) { return s.epoch_deterministic(t, e, 2); }},
};

class BprMode : public testing::TestWithParam<Mode> {
 protected:
  BprCounts run(BprSgd& sgd, BprTables& t, int64_t epochs = 1) {
    BprCounts last;
    for (int64_t e = 0; e < epochs; ++e) last = GetParam().run(sgd, t, e, generator_);
    return last;
  }
  std::mt19937 generator_{3};
};
INSTANTIATE_TEST_SUITE_P(Modes, BprMode, testing::ValuesIn(kModes),
                         [](const auto& info) { return info.param.name; });

/// The chance that a sample is skipped, from its definition.
double skip_chance(const UserItems& pairs, int32_t items) {
  std::vector<double> popularity(items);
  for (const int32_t i : pairs.item) popularity[i] += 1;
  double sum = 0;
  for (int32_t u = 0; u < pairs.users(); ++u) {
    for (const int32_t i : pairs.of(u)) sum += popularity[i] * pairs.of(u).size();
  }
  return sum / std::pow(pairs.item.size(), 2);
}

TEST_P(BprMode, SkipsSamplesAsOftenAsChanceSays) {
  const UserItems pairs = random_pairs(900, 300, 40000);
  const double chance = skip_chance(pairs, 300), n = static_cast<double>(pairs.item.size());
  ASSERT_GT(chance, 0.2);
  BprSgd sgd(pairs, 300, kRates, 7);
  BprTables t(900, 300, 4);
  const BprCounts counts = run(sgd, t);
  EXPECT_EQ(counts.samples, pairs.item.size());
  EXPECT_NEAR(counts.skipped, chance * n, 5 * std::sqrt(chance * n));
  EXPECT_EQ(counts.correct, 0);  // all scores are 0, and a tie is not correct
}

TEST_P(BprMode, SkipsNothingWhereNegativesAreNotVerified) {
  const UserItems pairs = random_pairs(900, 300, 40000);
  BprSgd sgd(pairs, 300, {0.01, 0.01, false}, 7);
  BprTables t(900, 300, 4);
  draw_bpr_factors(t, pairs, 1);
  EXPECT_EQ(run(sgd, t).skipped, 0);
}

TEST_P(BprMode, FindsEveryKeptSampleCorrectUnderAPerfectModel) {
  // Even users have even items, odd users odd ones; one factor says so, or the reverse.
  std::vector<int32_t> u, i;
  RandomStream s = Rng(2).stream("parity");
  for (int k = 0; k < 30000; ++k) {
    u.push_back(static_cast<int32_t>(s.below(1000)));
    i.push_back(static_cast<int32_t>(s.below(150) * 2) + u.back() % 2);
  }
  const UserItems pairs(u, i, 1000);
  for (const float sign : {1.0f, -1.0f}) {
    BprTables t(1000, 300, 12);
    for (int32_t n = 0; n < 1000; ++n) t.users[n * t.stride + 5] = n % 2 == 0 ? 1 : -1;
    for (int32_t n = 0; n < 300; ++n) t.items[n * t.stride + 5] = n % 2 == 0 ? sign : -sign;
    // The user's own parity: equal scores. Those samples are not correct; all others are.
    BprSgd sgd(pairs, 300, {/*lr=*/0, 0.01, true}, 7);
    const BprCounts counts = run(sgd, t);
    const double kept = static_cast<double>(counts.samples - counts.skipped);
    if (sign > 0) {
      EXPECT_NEAR(counts.correct / kept, 0.5 / (1 - counts.skipped / double(counts.samples)), 0.02);
    } else {
      EXPECT_EQ(counts.correct, 0);
    }
  }
}

TEST_P(BprMode, LeavesAUserWithEveryItemAlone) {
  std::vector<int32_t> u(20, 0), i(20);
  std::iota(i.begin(), i.end(), 0);
  const UserItems pairs(u, i, 1);
  BprSgd sgd(pairs, 20, kRates, 7);
  BprTables t(1, 20, 4);
  draw_bpr_factors(t, pairs, 1);
  const BprTables before = t;
  EXPECT_EQ(run(sgd, t), (BprCounts{20, 0, 20}));
  EXPECT_EQ(t.users, before.users);
  EXPECT_EQ(t.items, before.items);
}

TEST_P(BprMode, LeavesRowsWithoutInteractionsPaddingAndTheUsersOnesAlone) {
  const UserItems pairs = random_pairs(200, 100, 3000);
  for (const bool verify : {true, false}) {
    BprSgd sgd(pairs, 100, {0.05, 0.01, verify}, 7);
    BprTables t(200, 100, 11);
    draw_bpr_factors(t, pairs, 1);
    for (int k = 0; k < 11; ++k) {
      t.users[199 * t.stride + k] = 0.25f;
      t.items[99 * t.stride + k] = 0.5f;
    }
    const BprTables before = t;
    run(sgd, t, 3);
    EXPECT_NE(t.users, before.users);
    for (int k = 0; k < t.stride; ++k) {
      EXPECT_EQ(t.users[199 * t.stride + k], before.users[199 * t.stride + k]);
      EXPECT_EQ(t.items[99 * t.stride + k], before.items[99 * t.stride + k]);
    }
    for (int32_t u = 0; u < 200; ++u) {
      EXPECT_EQ(t.users[u * t.stride + 11], 1);
      for (int k = 12; k < t.stride; ++k) EXPECT_EQ(t.users[u * t.stride + k], 0);
    }
    for (int32_t i = 0; i < 100; ++i) {
      for (int k = 12; k < t.stride; ++k) EXPECT_EQ(t.items[i * t.stride + k], 0);
    }
  }
}

TEST_P(BprMode, LearnsMovieLensAsWellAsTheExactSolver) {
  LATENT_NEEDS_DATA("ml-100k/u.data");
  const UserItems pairs = movielens();
  const BprRates rates = {0.03, 0.01, true};
  const auto auc = [](const BprCounts& c) {
    return static_cast<double>(c.correct) / static_cast<double>(c.samples - c.skipped);
  };
  BprSgd sgd(pairs, 1682, rates, 7);
  BprTables exact(943, 1682, 5);
  draw_bpr_factors(exact, pairs, 1);
  BprTables other = exact;
  BprCounts last;
  for (int e = 0; e < 20; ++e) last = sgd.epoch_exact(exact, generator_);
  EXPECT_GT(auc(last), 0.75);
  EXPECT_NEAR(auc(run(sgd, other, 20)), auc(last), 0.01);
}

// ---- beginnings
// ------------------------------------------------------------------------------------

TEST(BprFactors, StartAsImplicitsDo) {
  const UserItems pairs = random_pairs(300, 100, 2000);
  BprTables t(300, 100, 10);
  draw_bpr_factors(t, pairs, 5);
  std::vector<bool> seen(100);
  for (const int32_t i : pairs.item) seen[i] = true;
  ASSERT_FALSE(seen[99]);
  double sum = 0, squares = 0, n = 0;
  const auto check = [&](float v, bool drawn) {
    if (!drawn) {
      EXPECT_EQ(v, 0);
    } else {
      EXPECT_LE(std::abs(v), 0.05f);
      sum += v, squares += v * v, n += 1;
    }
  };
  for (int32_t i = 0; i < 100; ++i) {
    for (int k = 0; k <= 10; ++k) check(t.items[i * t.stride + k], seen[i]);
  }
  for (int32_t u = 0; u < 300; ++u) {
    for (int k = 0; k < 10; ++k) check(t.users[u * t.stride + k], !pairs.of(u).empty());
    EXPECT_EQ(t.users[u * t.stride + 10], 1);
  }
  EXPECT_NEAR(sum / n, 0, 5 * 0.1 / std::sqrt(12 * n));
  EXPECT_NEAR(squares / n, 0.01 / 12, 0.0001);
}

TEST(BprSgd, NeedsAnInteraction) {
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, BprSgd(UserItems({}, {}, 3), 4, kRates, 0)),
            "BPR: no interactions to train on");
}

}  // namespace
}  // namespace latent
