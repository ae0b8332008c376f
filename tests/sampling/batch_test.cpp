// Batches in order, and batches drawn ahead.
#include <algorithm>
#include <array>
#include <numeric>

#include "src/sampling/batch_source.h"
#include "tests/support.h"

namespace latent {
namespace {

Interactions rows(int32_t users, int32_t items, int64_t n) {
  RandomStream random = Rng(1).stream("rows");
  Interactions out;
  for (int64_t k = 0; k < n; ++k)
    out.push(static_cast<int32_t>(random.below(users)), static_cast<int32_t>(random.below(items)),
             static_cast<float>(k));  // the rating tells the rows apart
  return out;
}

class Order : public testing::TestWithParam<std::array<int, 3>> {};

TEST_P(Order, IsAStableSortByUserAndAStableSortOfTheItemsBuckets) {
  const auto [users, items, size] = GetParam();
  const Interactions data = rows(users, items, 500);
  const UserItems known(data.user, data.item, users);
  for (const bool pairwise : {false, true}) {
    Sampler sampler(data, {.batch_size = size, .seed = 3}, pairwise ? &known : nullptr, items);
    SampleBatch drawn, sorted;
    sampler.draw(5, drawn);
    sampler.draw(5, sorted);
    BatchOrder(/*threads=*/3).sort(sorted);

    std::vector<int> order(drawn.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return drawn.users[a] < drawn.users[b]; });
    for (int64_t n = 0; n < drawn.size(); ++n) {
      EXPECT_EQ(sorted.users[n], drawn.users[order[n]]);
      EXPECT_EQ(sorted.items[n], drawn.items[order[n]]);
      if (pairwise) {
        EXPECT_EQ(sorted.negatives[n], drawn.negatives[order[n]]);
      } else {
        EXPECT_EQ(sorted.ratings[n], drawn.ratings[order[n]]);
      }
    }
    std::vector<int32_t> all = sorted.items;
    all.insert(all.end(), sorted.negatives.begin(), sorted.negatives.end());
    std::vector<int32_t> by_item(all.size());
    std::iota(by_item.begin(), by_item.end(), 0);
    std::stable_sort(by_item.begin(), by_item.end(),
                     [&](int32_t a, int32_t b) {
                       return all[a] >> sorted.item_shift < all[b] >> sorted.item_shift;
                     });
    EXPECT_EQ(sorted.item_order, by_item);
    for (size_t n = 0; n < all.size(); ++n) EXPECT_EQ(sorted.sorted_items[n], all[by_item[n]]);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Order,
                         testing::Values(std::array{1, 1000, 5}, std::array{7, 300, 1},
                                         std::array{3000, 40, 700}, std::array{5000000, 70000, 900},
                                         std::array{40000, 9000, 30000}));

TEST(BatchSource, GivesTheSamplersBatchesDrawnAheadOrNotFromAnyStep) {
  const Interactions data = rows(20, 50, 300);
  const UserItems known(data.user, data.item, 20);
  Sampler sampler(data, {.batch_size = 64, .seed = 9}, &known, 50), twin(sampler);
  for (const bool ahead : {false, true}) {
    BatchSource source(sampler, /*sorted=*/false, ahead);
    for (const int64_t step : {0, 1, 2, 7, 8, 3}) {
      SampleBatch expected;
      twin.draw(step, expected);
      const SampleBatch& got = source.get(step);
      EXPECT_EQ(got.users, expected.users) << "step " << step;
      EXPECT_EQ(got.items, expected.items);
      EXPECT_EQ(got.negatives, expected.negatives);
    }
  }
}

}  // namespace
}  // namespace latent
