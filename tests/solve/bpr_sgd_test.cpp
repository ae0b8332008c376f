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
BprWeights golden_start(const json& golden, const UserItems& pairs) {
  const int32_t items = golden["items"], factors = golden["factors"];
  BprWeights w(golden["users"], items, factors);
  NumpyUniform uniform(goldens()["initial_seed"]);
  std::vector<bool> seen(items);
  for (const int32_t i : pairs.item) seen[i] = true;
  const auto next = [&] { return static_cast<float>((uniform() - 0.5) / factors); };
  for (int32_t i = 0; i < items; ++i) {
    for (int k = 0; k <= factors; ++k) {
      float& at = k < factors ? w.items[i * factors + k] : w.biases[i];
      const float value = next();
      at = seen[i] ? value : 0;
    }
  }
  for (int32_t u = 0; u < pairs.users(); ++u) {
    for (int k = 0; k <= factors; ++k) {
      const float value = next();
      if (k < factors) w.users[u * factors + k] = pairs.of(u).empty() ? 0 : value;
    }
  }
  return w;
}

/// Factors and bias of `item` (or `user`) against golden["..._factors"], to 1e-5.
void expect_row(const std::vector<float>& factors, int32_t columns, int row, float last,
                const json& golden, size_t golden_row, const std::string& what) {
  for (int k = 0; k <= columns; ++k) {
    EXPECT_NEAR(k < columns ? factors[row * columns + k] : last,
                golden[golden_row * (columns + 1) + k].get<double>(), 1e-5)
        << what << " " << row << ", column " << k << "; goldens come from " << goldens()["how"];
  }
}
void expect_user(const BprWeights& w, int user, const json& golden, size_t golden_row) {
  expect_row(w.users, w.factors, user, 1, golden, golden_row, "user");
}
void expect_item(const BprWeights& w, int item, const json& golden, size_t golden_row) {
  expect_row(w.items, w.factors, item, w.biases[item], golden, golden_row, "item");
}

BprWeights run_exact(const json& golden, const UserItems& pairs) {
  const BprWeights start = golden_start(golden, pairs);
  EXPECT_EQ(pairs.item.size(), golden["pairs"].get<size_t>());
  BprSgd sgd(pairs, golden["items"], golden["factors"],
             {golden["lr"], golden["reg"], golden["verify"]}, 0);
  start.load_into(sgd);
  std::mt19937 generator(golden["generator_seed"].get<uint32_t>());
  for (const auto& counts : golden["counts"]) {
    const BprCounts expected = {golden["pairs"], counts[0], counts[1]};
    EXPECT_EQ(sgd.epoch_exact(generator), expected);
  }
  return BprWeights(sgd, start);
}

TEST(BprExact, FollowsImplicitOnASmallMatrix) {
  for (const char* name : {"small", "unverified"}) {
    const json& golden = goldens()[name];
    const BprWeights w = run_exact(golden, interactions_of(golden));
    for (int u = 0; u < golden["users"]; ++u) expect_user(w, u, golden["user_factors"], u);
    for (int i = 0; i < golden["items"]; ++i) expect_item(w, i, golden["item_factors"], i);
  }
}

TEST(BprExact, FollowsImplicitThroughThreeEpochsOfMovieLens) {
  LATENT_NEEDS_DATA("ml-100k/u.data");
  const json& golden = goldens()["movielens"];
  const BprWeights w = run_exact(golden, movielens());
  for (size_t n = 0; n < golden["user_rows"].size(); ++n) {
    expect_user(w, golden["user_rows"][n], golden["user_factors"], n);
    expect_item(w, golden["item_rows"][n], golden["item_factors"], n);
  }
  const auto size = [](const std::vector<float>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0,
                           [](double s, double x) { return s + std::abs(x); });
  };
  // implicit's tables have the users' ones and the items' biases as a column.
  EXPECT_NEAR(size(w.users) + golden["users"].get<double>(), golden["user_sum"], 1e-3);
  EXPECT_NEAR(size(w.items) + size(w.biases), golden["item_sum"], 1e-3);
}

TEST(BprExact, GoesOnFromAGeneratorKeptAsText) {
  const json& golden = goldens()["small"];
  const UserItems pairs = interactions_of(golden);
  const BprWeights start = golden_start(golden, pairs);
  BprSgd whole(pairs, golden["items"], golden["factors"], kRates, 0);
  BprSgd resumed(pairs, golden["items"], golden["factors"], kRates, 0);
  start.load_into(whole);
  start.load_into(resumed);
  std::mt19937 a(5), b(5);
  whole.epoch_exact(a);
  resumed.epoch_exact(b);
  const std::string text = generator_text(b);
  whole.epoch_exact(a);
  std::mt19937 c = generator_from_text(text);
  resumed.epoch_exact(c);
  EXPECT_EQ(BprWeights(whole, start), BprWeights(resumed, start));
  EXPECT_THROW(generator_from_text("1 2 three"), Error);
}

// ---- every mode ---------------------------------------------------------------------------------

using Epoch = BprCounts (*)(BprSgd&, int64_t epoch, std::mt19937&);
struct Mode {
  const char* name;
  Epoch run;
};
void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.name; }
const Mode kModes[] = {
    {"Exact", [](BprSgd& s, int64_t, std::mt19937& g) { return s.epoch_exact(g); }},
    {"OneThread", [](BprSgd& s, int64_t e, std::mt19937&) { return s.epoch(e, 1); }},
    {"TwoThreads", [](BprSgd& s, int64_t e, std::mt19937&) { return s.epoch(e, 2); }},
};

class BprMode : public testing::TestWithParam<Mode> {
 protected:
  BprCounts run(BprSgd& sgd, int64_t epochs = 1) {
    BprCounts last;
    for (int64_t e = 0; e < epochs; ++e) last = GetParam().run(sgd, e, generator_);
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
  BprSgd sgd(pairs, 300, 4, {/*lr=*/0, 0.01, true}, 7);
  BprWeights(900, 300, 4).load_into(sgd);
  const BprCounts counts = run(sgd);
  EXPECT_EQ(counts.samples, pairs.item.size());
  EXPECT_NEAR(counts.skipped, chance * n, 5 * std::sqrt(chance * n));
  EXPECT_EQ(counts.correct, 0);  // all scores are 0, and a tie is not correct
}

TEST_P(BprMode, SkipsNothingWhereNegativesAreNotVerified) {
  const UserItems pairs = random_pairs(900, 300, 40000);
  BprSgd sgd(pairs, 300, 4, {0.01, 0.01, false}, 7);
  drawn_weights(pairs, 300, 4).load_into(sgd);
  EXPECT_EQ(run(sgd).skipped, 0);
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
    BprWeights w(1000, 300, 12);
    for (int32_t n = 0; n < 1000; ++n) w.users[n * 12 + 5] = n % 2 == 0 ? 1 : -1;
    for (int32_t n = 0; n < 300; ++n) w.items[n * 12 + 5] = n % 2 == 0 ? sign : -sign;
    // The user's own parity: equal scores. Those samples are not correct; all others are.
    BprSgd sgd(pairs, 300, 12, {/*lr=*/0, 0.01, true}, 7);
    w.load_into(sgd);
    const BprCounts counts = run(sgd);
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
  BprSgd sgd(pairs, 20, 4, kRates, 7);
  const BprWeights before = drawn_weights(pairs, 20, 4);
  before.load_into(sgd);
  EXPECT_EQ(run(sgd), (BprCounts{20, 0, 20}));
  EXPECT_EQ(BprWeights(sgd, before), before);
}

TEST_P(BprMode, LeavesRowsWithoutInteractionsPaddingAndTheUsersOnesAlone) {
  const UserItems pairs = random_pairs(200, 100, 3000);
  for (const bool verify : {true, false}) {
    BprSgd sgd(pairs, 100, 11, {0.05, 0.01, verify}, 7);
    BprWeights before = drawn_weights(pairs, 100, 11);
    for (int k = 0; k < 11; ++k) {
      before.users[199 * 11 + k] = 0.25f;
      before.items[99 * 11 + k] = 0.5f;
    }
    before.biases[99] = 0.5f;
    before.load_into(sgd);
    run(sgd, 3);
    const BprWeights after(sgd, before);
    EXPECT_NE(after.users, before.users);
    EXPECT_NE(after.biases, before.biases);
    for (int k = 0; k < 11; ++k) {
      EXPECT_EQ(after.users[199 * 11 + k], 0.25f);
      EXPECT_EQ(after.items[99 * 11 + k], 0.5f);
    }
    EXPECT_EQ(after.biases[99], 0.5f);
    const BprTables& t = sgd.tables();
    for (int32_t u = 0; u < 200; ++u) {
      const float* const row = &t.users[sgd.draws().user_rows().row_of(u) * t.stride];
      EXPECT_EQ(row[11], 1);
      for (int k = 12; k < t.stride; ++k) EXPECT_EQ(row[k], 0);
    }
    for (size_t row = 0; row < t.items.size(); row += t.stride) {
      for (int k = 12; k < t.stride; ++k) EXPECT_EQ(t.items[row + k], 0);
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
  BprSgd exact(pairs, 1682, 5, rates, 7), other(pairs, 1682, 5, rates, 7);
  for (BprSgd* sgd : {&exact, &other}) drawn_weights(pairs, 1682, 5).load_into(*sgd);
  BprCounts last;
  for (int e = 0; e < 20; ++e) last = exact.epoch_exact(generator_);
  EXPECT_GT(auc(last), 0.75);
  EXPECT_NEAR(auc(run(other, 20)), auc(last), 0.01);
}

// ---- beginnings ---------------------------------------------------------------------------------

TEST(BprSgd, StoresWhatItLoads) {
  const UserItems pairs = random_pairs(300, 100, 2000);
  for (const int32_t factors : {1, 7, 8}) {
    BprSgd sgd(pairs, 100, factors, {}, 5);
    BprWeights w(300, 100, factors);
    RandomStream s = Rng(1).stream("weights");
    for (auto* table : {&w.users, &w.items, &w.biases}) {
      for (float& x : *table) x = static_cast<float>(s.normal());
    }
    w.load_into(sgd);
    EXPECT_EQ(BprWeights(sgd, w), w);
  }
}

TEST(BprSgd, NeedsAnInteraction) {
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, BprSgd(UserItems({}, {}, 3), 4, 2, kRates, 0)),
            "BPR: no interactions to train on");
}

}  // namespace
}  // namespace latent
