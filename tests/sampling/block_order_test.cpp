// Epochs in blocks: the order that docs/scale.md describes, wherever the rows lie.
#include "src/sampling/block_order.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "src/sampling/sampler.h"
#include "tests/support.h"

namespace latent {
namespace {

using Order = std::vector<uint32_t>;

Interactions numbered(int64_t n, const ColumnFolder& folder = nullptr) {
  Interactions rows(folder);
  for (int64_t k = 0; k < n; ++k)
    rows.push(static_cast<int32_t>(k / 7), static_cast<int32_t>(k % 5), static_cast<float>(k));
  return rows;
}

Order epoch_of(BlockOrder& order, int64_t epoch, int64_t n) {
  Order out(n);
  order.rows_at(epoch, 0, out);
  return out;
}

/// The definition, in the plainest words.
Order by_definition(uint64_t seed, int64_t epoch, int64_t n, BlockSizes sizes) {
  std::vector<Order> blocks;
  for (int64_t row = 0; row < n; ++row) {
    if (row % sizes.rows == 0) blocks.emplace_back();
    blocks.back().push_back(static_cast<uint32_t>(row));
  }
  shuffle(blocks, Rng(seed).stream("blocks", epoch));
  Order out;
  for (size_t at = 0; at < blocks.size(); at += sizes.blocks) {
    Order window;
    for (size_t k = at; k < std::min(blocks.size(), at + sizes.blocks); ++k)
      window.insert(window.end(), blocks[k].begin(), blocks[k].end());
    shuffle(window, Rng(seed).stream("window", epoch, at / sizes.blocks));
    out.insert(out.end(), window.begin(), window.end());
  }
  return out;
}

TEST(BlockOrder, IsTheOneThatIsDocumented) {
  for (const int64_t n : {1, 9, 10, 11, 40, 95, 100, 1000}) {
    for (const BlockSizes sizes : {BlockSizes{10, 4}, {1, 1}, {3, 7}, {200, 2}, BlockSizes()}) {
      const Interactions rows = numbered(n);
      BlockOrder order(rows, /*seed=*/5, sizes);
      for (const int64_t epoch : {0, 1, 7}) {
        EXPECT_EQ(epoch_of(order, epoch, n), by_definition(5, epoch, n, sizes))
            << n << " rows, " << sizes.rows << " x " << sizes.blocks;
      }
    }
  }
}

TEST(BlockOrder, HasEveryRowOnceAnEpochAndAnotherOrderInTheNext) {
  const Interactions rows = numbered(1000);
  BlockOrder order(rows, 1, {10, 4});
  Order all(1000);
  std::iota(all.begin(), all.end(), 0);
  std::vector<Order> epochs;
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    epochs.push_back(epoch_of(order, epoch, 1000));
    Order sorted = epochs.back();
    std::ranges::sort(sorted);
    EXPECT_EQ(sorted, all);
  }
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_NE(epochs[1], epochs[2]);
}

TEST(BlockOrder, AnswersAlikeWhoeverAsksForWhatPlaceWhen) {
  const Interactions rows = numbered(997);
  BlockOrder whole(rows, 1, {10, 4});
  const Order expected = epoch_of(whole, 2, 997);
  BlockOrder order(rows, 1, {10, 4});
  for (const int64_t first : {500, 0, 960, 39, 41, 996, 80}) {
    Order some(std::min<int64_t>(123, 997 - first));
    order.rows_at(2, first, some);
    EXPECT_EQ(some, Order(expected.begin() + first, expected.begin() + first + some.size()));
    order.rows_at(1, 5, some = Order(1));  // another epoch between
  }
}

// 720 orders of 6 rows in one window; each is as likely.
TEST(BlockOrder, IsAnyOrderOfAWindowAlike) {
  const Interactions rows = numbered(6);
  std::map<Order, int> counts;
  BlockOrder order(rows, 1, {2, 3});
  constexpr int kEpochs = 72000;
  for (int epoch = 0; epoch < kEpochs; ++epoch) ++counts[epoch_of(order, epoch, 6)];
  EXPECT_EQ(counts.size(), 720u);
  double chi_square = 0;
  for (const auto& [one, count] : counts) chi_square += (count - 100.0) * (count - 100.0) / 100;
  EXPECT_LT(chi_square, 860);  // 719 degrees of freedom: 1 in 4,000
}

TEST(SamplerInBlocks, DrawsTheBlocksOrderFromRowsInMemoryAndOnDisk) {
  constexpr int64_t kRows = 30011;
  const TemporaryFolder folder;
  const Interactions memory = numbered(kRows),
                     disk = numbered(kRows, std::make_shared<const std::string>(folder.path()));
  const BlockSizes sizes{100, 20};
  BlockOrder order(memory, 3, sizes);
  for (const int threads : {1, 3}) {
    for (const int64_t size : {700, 13000, 50000}) {
      SamplerOptions options{size, /*with_replacement=*/false, 3, threads};
      options.blocks = sizes;
      Sampler one(memory, options), other(disk, options);
      for (const int64_t step : {0, 1, 2, 40, 1}) {
        SampleBatch a, b;
        one.draw(step, a);
        other.draw(step, b);
        EXPECT_EQ(a.users, b.users);
        EXPECT_EQ(a.items, b.items);
        EXPECT_EQ(a.ratings, b.ratings);
        const int64_t epoch = step / one.batches_per_epoch(),
                      first = step % one.batches_per_epoch() * size;
        const Order rows = epoch_of(order, epoch, kRows);
        ASSERT_EQ(a.size(), std::min(size, kRows - first));
        for (int64_t n = 0; n < a.size(); ++n)
          ASSERT_EQ(a.ratings[n], static_cast<float>(rows[first + n]));
      }
    }
  }
}

}  // namespace
}  // namespace latent
