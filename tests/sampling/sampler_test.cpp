#include "src/sampling/sampler.h"

#include <algorithm>
#include <set>

#include "tests/support.h"

namespace latent {
namespace {

constexpr int32_t kUsers = 40, kItems = 25;

/// Distinct ratings, so that a sample tells its row.
Interactions random_rows(int64_t n) {
  RandomStream random = Rng(1).stream("rows");
  Interactions rows;
  for (int64_t k = 0; k < n; ++k) {
    rows.push(static_cast<int32_t>(random.below(kUsers)),
              static_cast<int32_t>(random.below(kItems - 3)), static_cast<float>(k));
  }
  return rows;
}

SamplerOptions options(int64_t batch_size, bool with_replacement = true, int threads = 1,
                       uint64_t seed = 1) {
  return {batch_size, with_replacement, seed, threads};
}

SampleBatch drawn(Sampler& sampler, int64_t step) {
  SampleBatch batch;
  sampler.draw(step, batch);
  return batch;
}

void expect_equal(const SampleBatch& a, const SampleBatch& b) {
  EXPECT_EQ(a.users, b.users);
  EXPECT_EQ(a.items, b.items);
  EXPECT_EQ(a.negatives, b.negatives);
  EXPECT_EQ(a.ratings, b.ratings);
}

TEST(Sampler, DrawsTheSameForAnyNumberOfThreads) {
  const Interactions rows = random_rows(500);
  const UserItems known = user_items(rows, kUsers);
  for (const UserItems* negatives_of : {static_cast<const UserItems*>(nullptr), &known}) {
    for (const bool with_replacement : {true, false}) {
      // Several chunks and a part of one.
      const Interactions many = random_rows(30000);
      const Interactions& from = negatives_of == nullptr ? many : rows;
      const int64_t batch = with_replacement ? 20001 : from.size() * 2 / 3;
      Sampler one(from, options(batch, with_replacement, 1), negatives_of, kItems);
      for (const int threads : {2, 3, 8, 0}) {
        Sampler other(from, options(batch, with_replacement, threads), negatives_of, kItems);
        for (int64_t step = 0; step < 3; ++step) expect_equal(drawn(one, step), drawn(other, step));
      }
    }
  }
}

TEST(Sampler, GivesEachSampleTheValuesOfItsRow) {
  const Interactions rows = random_rows(300);
  for (const bool with_replacement : {true, false}) {
    Sampler sampler(rows, options(64, with_replacement));
    for (int64_t step = 0; step < 10; ++step) {
      const SampleBatch batch = drawn(sampler, step);
      EXPECT_TRUE(batch.negatives.empty());
      for (int64_t n = 0; n < batch.size(); ++n) {
        const auto row = static_cast<int64_t>(batch.ratings[n]);
        EXPECT_EQ(batch.users[n], rows.user[row]);
        EXPECT_EQ(batch.items[n], rows.item[row]);
      }
    }
  }
}

TEST(Sampler, NeverReturnsATrainingItemAsNegative) {
  const Interactions rows = random_rows(500);
  const UserItems known = user_items(rows, kUsers);
  Sampler sampler(rows, options(10000), &known, kItems);
  for (int64_t step = 0; step < 5; ++step) {
    const SampleBatch batch = drawn(sampler, step);
    ASSERT_EQ(batch.negatives.size(), 10000u);
    for (int64_t n = 0; n < batch.size(); ++n) {
      ASSERT_FALSE(known.has(batch.users[n], batch.negatives[n]));
      ASSERT_TRUE(batch.negatives[n] >= 0 && batch.negatives[n] < kItems);
      ASSERT_TRUE(known.has(batch.users[n], batch.items[n]));
    }
  }
}

/// What the sampler is to draw from the stream of one chunk, one after another.
std::vector<int32_t> negatives_in_turn(const SampleBatch& batch, const UserItems& known,
                                       int64_t step, int64_t each) {
  RandomStream stream = Rng(1).stream("negatives", step, /*chunk=*/0);
  std::vector<int32_t> out;
  for (const int32_t user : batch.users) {
    for (int64_t n = 0; n < each; ++n) {
      int32_t j = 0;
      do {
        j = static_cast<int32_t>(stream.below(kItems));
      } while (known.has(user, j));
      out.push_back(j);
    }
  }
  return out;
}

TEST(Sampler, DrawsNegativesTogetherAsOneByOne) {
  for (const int64_t kept : {1, 30, 500}) {  // hardly anything known, much, nearly all
    Interactions rows = random_rows(500);
    rows.truncate(kept);
    const UserItems known = user_items(rows, kUsers);
    for (const int64_t each : {1, 3}) {
      for (const int64_t size : {1, 15, 16, 17, 4000}) {
        SamplerOptions o = options(size);
        o.negatives = each;
        Sampler sampler(rows, o, &known, kItems);
        const SampleBatch batch = drawn(sampler, /*step=*/7);
        ASSERT_EQ(batch.negatives, negatives_in_turn(batch, known, 7, each));
      }
    }
  }
}

TEST(Sampler, DrawsNegativesUniformlyAmongTheUnknownItems) {
  Interactions rows;
  for (const int32_t i : {0, 1, 2, 5}) rows.push(0, i, 1);
  const UserItems known = user_items(rows, 1);
  constexpr int kCatalogue = 12, kDraws = 80000;
  Sampler sampler(rows, options(kDraws), &known, kCatalogue);
  std::vector<int> counts(kCatalogue);
  for (const int32_t j : drawn(sampler, 0).negatives) ++counts[j];
  double chi_square = 0;
  for (int32_t j = 0; j < kCatalogue; ++j) {
    if (!known.has(0, j)) chi_square += (counts[j] - 10000.0) * (counts[j] - 10000.0) / 10000;
  }
  EXPECT_LT(chi_square, 30);  // 7 degrees of freedom: 1 in 10,000
}

TEST(Sampler, DrawsRowsUniformlyWithReplacement) {
  const Interactions rows = random_rows(50);
  Sampler sampler(rows, options(100000));
  std::vector<int> counts(50);
  for (const float row : drawn(sampler, 0).ratings) ++counts[static_cast<int>(row)];
  double chi_square = 0;
  for (const int count : counts) chi_square += (count - 2000.0) * (count - 2000.0) / 2000;
  EXPECT_LT(chi_square, 95);  // 49 degrees of freedom
  EXPECT_GT(chi_square, 20);  // and not suspiciously even
}

TEST(Sampler, VisitsEveryRowOnceAnEpochWithAShortLastBatch) {
  const Interactions rows = random_rows(10000);
  for (const int64_t batch_size :
       {int64_t{1}, int64_t{7}, int64_t{4096}, int64_t{5000}, int64_t{10000}, int64_t{20000}}) {
    Sampler sampler(rows, options(batch_size, /*with_replacement=*/false));
    const int64_t batches = sampler.batches_per_epoch();
    EXPECT_EQ(batches, (10000 + batch_size - 1) / batch_size);
    std::vector<float> order[2];
    for (int64_t step = 0; step < 2 * batches; ++step) {
      const SampleBatch batch = drawn(sampler, step);
      const bool last = step % batches == batches - 1;
      ASSERT_EQ(batch.size(), last ? 10000 - (batches - 1) * batch_size : batch_size);
      auto& epoch = order[step / batches];
      epoch.insert(epoch.end(), batch.ratings.begin(), batch.ratings.end());
    }
    EXPECT_NE(order[0], order[1]) << "each epoch has a permutation of its own";
    for (auto& epoch : order) {
      std::sort(epoch.begin(), epoch.end());
      EXPECT_EQ(epoch, rows.rating);
    }
  }
}

TEST(Sampler, ABatchDependsOnItsStepAlone) {
  const Interactions rows = random_rows(500);
  const UserItems known = user_items(rows, kUsers);
  for (const bool with_replacement : {true, false}) {
    Sampler straight(rows, options(100, with_replacement), &known, kItems);
    std::vector<SampleBatch> batches;
    for (int64_t step = 0; step < 12; ++step) batches.push_back(drawn(straight, step));
    for (const int64_t step : {11, 3, 7, 3, 0}) {  // resumed anywhere, in any order
      Sampler resumed(rows, options(100, with_replacement), &known, kItems);
      expect_equal(drawn(resumed, step), batches[step]);
      expect_equal(drawn(straight, step), batches[step]);
    }
  }
}

TEST(Sampler, ReusesALargerBatchesMemory) {
  const Interactions rows = random_rows(10);
  Sampler sampler(rows, options(8, /*with_replacement=*/false));
  SampleBatch batch;
  sampler.draw(0, batch);
  sampler.draw(1, batch);
  EXPECT_EQ(batch.size(), 2);
  EXPECT_EQ(batch.items.size(), 2u);
  EXPECT_EQ(batch.ratings.size(), 2u);
}

TEST(Sampler, DrawsOtherSamplesForAnotherSeedOrStep) {
  const Interactions rows = random_rows(500);
  Sampler one(rows, options(100)), two(rows, options(100, true, 1, 2));
  EXPECT_NE(drawn(one, 0).ratings, drawn(two, 0).ratings);
  EXPECT_NE(drawn(one, 0).ratings, drawn(one, 1).ratings);
}

// From a Python twin of the streams: a resumed run must go on with what an older program would have
// drawn.
TEST(Sampler, KeepsItsSequence) {
  Interactions rows;
  for (int32_t n = 0; n < 10; ++n) rows.push(n % 5, n % 3, static_cast<float>(n));
  const UserItems known = user_items(rows, 5);
  Sampler pairs(rows, options(8), &known, 7);
  const SampleBatch batch = drawn(pairs, 5);
  EXPECT_EQ(batch.users, (std::vector<int32_t>{0, 1, 0, 3, 3, 3, 4, 4}));
  EXPECT_EQ(batch.items, (std::vector<int32_t>{0, 1, 0, 2, 2, 2, 0, 0}));
  EXPECT_EQ(batch.negatives, (std::vector<int32_t>{3, 6, 5, 3, 5, 3, 2, 2}));
  Sampler epochs(rows, options(10, /*with_replacement=*/false));
  EXPECT_EQ(drawn(epochs, 1).ratings, (std::vector<float>{1, 0, 5, 4, 8, 2, 7, 6, 3, 9}));
}

TEST(FirstUserWithEveryItem, FindsTheOneWithoutNegatives) {
  Interactions rows;
  for (const auto& [u, i] : std::vector<std::pair<int32_t, int32_t>>{
           {0, 0}, {2, 0}, {2, 1}, {2, 2}, {1, 1}, {1, 1}, {1, 2}}) {
    rows.push(u, i, 1);
  }
  const UserItems known = user_items(rows, 3);
  EXPECT_EQ(first_user_with_every_item(rows, known, 3), 2);
  EXPECT_EQ(first_user_with_every_item(rows, known, 4), -1);
  // Only users that are drawn matter.
  Interactions others;
  others.push(0, 0, 1);
  EXPECT_EQ(first_user_with_every_item(others, known, 3), -1);
}

}  // namespace
}  // namespace latent
