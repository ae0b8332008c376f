// Batches as a GPU draws them, on the CPU.
#include "src/train/device_batches.h"

#include <map>
#include <set>

#include "tests/support.h"

namespace latent {
namespace {

using torch::Tensor;

struct Data {
  Interactions rows;
  UserItems known;
  /// User u knows u + 1 items of `items`, drawn.
  Data(int32_t users, int32_t items) {
    for (int32_t u = 0; u < users; ++u) {
      std::vector<int32_t> all(items);
      for (int32_t i = 0; i < items; ++i) all[i] = i;
      shuffle(all, Rng(7).stream("known", u));
      for (int32_t n = 0; n <= u; ++n) rows.push(u, all[n], static_cast<float>(rows.size()));
    }
    known = UserItems(rows.user, rows.item, users);
  }
};

TEST(DeviceBatches, DrawsEveryUnknownItemAboutEquallyOftenAndNeverAKnownOne) {
  constexpr int32_t kUsers = 11, kItems = 12;  // the last user lacks one item
  const Data data(kUsers, kItems);
  DeviceBatches batches(data.rows, {.batch_size = 60000, .seed = 5}, &data.known, kItems,
                        torch::kCPU);
  std::map<std::pair<int32_t, int32_t>, int64_t> times;
  std::map<int32_t, int64_t> of_user;
  for (int step = 0; step < 3; ++step) {
    const Batch b = batches.get(step);
    for (int64_t n = 0; n < b.users.numel(); ++n) {
      const int32_t u = b.users.data_ptr<int32_t>()[n], j = b.negatives.data_ptr<int32_t>()[n];
      ASSERT_TRUE(j >= 0 && j < kItems);
      ASSERT_FALSE(data.known.has(u, j)) << "user " << u << ", item " << j;
      ++times[{u, j}];
      ++of_user[u];
    }
  }
  for (int32_t u = 0; u < kUsers; ++u) {
    const double expected = static_cast<double>(of_user[u]) / (kItems - u - 1);
    for (int32_t j = 0; j < kItems; ++j) {
      if (data.known.has(u, j)) continue;
      EXPECT_NEAR(static_cast<double>(times[std::pair(u, j)]), expected, 6 * std::sqrt(expected))
          << "user " << u << ", item " << j;
    }
  }
}

TEST(DeviceBatches, ASampleIsARowOfTheData) {
  const Data data(20, 40);
  DeviceBatches batches(data.rows, {.batch_size = 500, .seed = 5}, nullptr, 40, torch::kCPU);
  const Batch b = batches.get(3);
  for (int64_t n = 0; n < 500; ++n) {
    const auto row = static_cast<int64_t>(b.ratings.data_ptr<float>()[n]);
    EXPECT_EQ(b.users.data_ptr<int32_t>()[n], data.rows.user[row]);
    EXPECT_EQ(b.items.data_ptr<int32_t>()[n], data.rows.item[row]);
  }
}

TEST(DeviceBatches, AnEpochHasEveryRowOnceAndTheNextAnotherOrder) {
  const Data data(20, 40);
  const SamplerOptions options{.batch_size = 64, .with_replacement = false, .seed = 5};
  DeviceBatches batches(data.rows, options, nullptr, 40, torch::kCPU);
  const int64_t steps = (data.rows.size() + 63) / 64;
  std::vector<std::vector<float>> orders;
  for (int64_t epoch = 0; epoch < 2; ++epoch) {
    std::vector<float> order;
    for (int64_t step = epoch * steps; step < (epoch + 1) * steps; ++step) {
      const Tensor r = batches.get(step).ratings;
      order.insert(order.end(), r.data_ptr<float>(), r.data_ptr<float>() + r.numel());
    }
    EXPECT_EQ(std::set(order.begin(), order.end()).size(), static_cast<size_t>(data.rows.size()));
    orders.push_back(order);
  }
  EXPECT_NE(orders[0], orders[1]);
}

TEST(DeviceBatches, DependsOnTheSeedAndTheStepAlone) {
  const Data data(20, 40);
  const SamplerOptions options{.batch_size = 64, .seed = 5};
  DeviceBatches a(data.rows, options, &data.known, 40, torch::kCPU), b = a;
  a.get(0), a.get(1);
  const Batch x = a.get(9), y = b.get(9);
  EXPECT_TRUE(torch::equal(x.users, y.users));
  EXPECT_TRUE(torch::equal(x.items, y.items));
  EXPECT_TRUE(torch::equal(x.negatives, y.negatives));
  EXPECT_FALSE(torch::equal(x.users, a.get(10).users));
}

TEST(ManyDeviceNegatives, OfASampleAreUnknownToItsUser) {
  const Data data(11, 12);
  DeviceBatches batches(data.rows, {.batch_size = 400, .seed = 5, .negatives = 7}, &data.known, 12,
                        torch::kCPU);
  const Batch b = batches.get(0);
  ASSERT_EQ(b.negatives.sizes(), (std::vector<int64_t>{400, 7}));
  for (int64_t n = 0; n < 400; ++n) {
    for (int64_t j = 0; j < 7; ++j)
      EXPECT_FALSE(data.known.has(b.users[n].item<int32_t>(), b.negatives[n][j].item<int32_t>()));
  }
}

TEST(ManyDeviceNegatives, ThatAreSharedAreLeftOutAsTheSamplerLeavesThemOut) {
  const Data data(11, 12);
  for (const auto sampling :
       {NegativeSampling::kUniform, NegativeSampling::kPopularity, NegativeSampling::kInBatch}) {
    DeviceBatches batches(data.rows,
                          {.batch_size = 50, .seed = 5, .negatives = 20, .shared = true,
                           .sampling = sampling},
                          &data.known, 12, torch::kCPU);
    const Batch b = batches.get(2);
    SampleBatch twin;
    const auto values = [](const Tensor& t) {
      return std::vector<int32_t>(t.data_ptr<int32_t>(), t.data_ptr<int32_t>() + t.numel());
    };
    twin.users = values(b.users);
    twin.items = values(b.items);
    twin.negatives = values(b.negatives);
    const std::vector<int64_t> expected = excluded_pairs(twin, data.known, 12);
    const Tensor left_out = b.log_weights.isinf().view(-1).nonzero().view(-1);
    EXPECT_EQ(std::vector<int64_t>(left_out.data_ptr<int64_t>(),
                                   left_out.data_ptr<int64_t>() + left_out.numel()),
              expected);
    const int64_t negatives = sampling == NegativeSampling::kInBatch ? 50 : 20;
    EXPECT_EQ(b.negatives.numel(), negatives);
    EXPECT_EQ(b.log_weights.sizes(), (std::vector<int64_t>{50, negatives}));
    const NegativeItems items(data.rows, 12, sampling, 1);
    for (int64_t n = 0; n < negatives; ++n) {
      const auto column = b.log_weights.select(1, n);
      const float most = column.max().item<float>();
      const int32_t item = b.negatives[n].item<int32_t>();
      if (!std::isfinite(most)) continue;  // all know it
      EXPECT_EQ(most, items.weighted() ? items.log_weight(item) : 0);
    }
  }
}

TEST(ManyDeviceNegatives, ThatTheUserKnowsWeighNothingWhereTheyAreDrawnByPopularity) {
  const Data data(11, 12);
  DeviceBatches batches(data.rows,
                        {.batch_size = 60, .seed = 5, .negatives = 5,
                         .sampling = NegativeSampling::kPopularity},
                        &data.known, 12, torch::kCPU);
  const Batch b = batches.get(0);
  const NegativeItems items(data.rows, 12, NegativeSampling::kPopularity, 1);
  for (int64_t n = 0; n < 60; ++n) {
    for (int64_t j = 0; j < 5; ++j) {
      const int32_t item = b.negatives[n][j].item<int32_t>();
      const float weight = std::exp(b.log_weights[n][j].item<float>());
      const bool known = data.known.has(b.users[n].item<int32_t>(), item);
      EXPECT_FLOAT_EQ(weight, known ? 0 : std::exp(items.log_weight(item)));
    }
  }
}

TEST(ManyDeviceNegatives, DrawPopularItemsByTheirRows) {
  const Data data(11, 12);
  DeviceBatches batches(data.rows,
                        {.batch_size = 10, .seed = 5, .negatives = 60000, .shared = true,
                         .sampling = NegativeSampling::kPopularity, .popularity_power = 0.5},
                        &data.known, 12, torch::kCPU);
  const Tensor counts = torch::bincount(batches.get(0).negatives, {}, 12);
  const NegativeItems items(data.rows, 12, NegativeSampling::kPopularity, 0.5);
  for (int32_t i = 0; i < 12; ++i) {
    const double expected = 60000 * items.probabilities()[i];
    EXPECT_NEAR(counts[i].item<double>(), expected, 5 * std::sqrt(expected));
  }
}

TEST(DeviceDropout, SetsTheAskedShareOfTheUsersVectorsToZero) {
  const Data data(20, 40);
  DeviceBatches batches(data.rows,
                        {.batch_size = 500, .seed = 5, .negatives = 0, .dropout = 0.25,
                         .factors = 40},
                        &data.known, 40, torch::kCPU);
  const Batch b = batches.get(0);
  EXPECT_FALSE(b.negatives.defined());
  EXPECT_NEAR(b.user_scale.eq(0).to(torch::kFloat).mean().item<double>(), 0.25, 0.02);
  EXPECT_NEAR(b.user_scale.max().item<double>(), 1 / 0.75, 1e-6);
}

}  // namespace
}  // namespace latent
