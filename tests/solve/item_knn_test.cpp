// Nearest neighbours of items against NumPy's and a plain loop over all pairs of items.
#include "src/solve/item_knn.h"

#include <nlohmann/json.hpp>

#include "src/base/file.h"
#include "src/base/rng.h"
#include "src/solve/co_counts.h"
#include "tests/support.h"

namespace latent {
namespace {

std::vector<float> dense(const ItemRows& rows, int32_t items) {
  std::vector<float> out(int64_t{items} * items);
  for (int32_t j = 0; j < items; ++j) {
    for (int64_t n = rows.start[j]; n < rows.start[j + 1]; ++n)
      out[int64_t{j} * items + rows.item[n]] = rows.weight[n];
  }
  return out;
}

UserItems random_pairs(int32_t users, int32_t items, int64_t rows, uint64_t seed) {
  RandomStream random = Rng(seed).stream("pairs");
  std::vector<int32_t> user, item;
  for (int64_t n = 0; n < rows; ++n) {
    user.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(users))));
    item.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(items))));
  }
  return UserItems(user, item, users);
}

TEST(ItemKnn, EqualsTheNumpyTwin) {
  const auto golden = nlohmann::json::parse(
      read_file(std::string(LATENT_SOURCE_DIR) + "/tests/golden/item_models.json"));
  std::vector<int32_t> user, item;
  for (const auto& pair : golden["pairs"]) {
    user.push_back(pair[0]);
    item.push_back(pair[1]);
  }
  const int32_t items = golden["items"];
  const UserItems pairs(user, item, golden["users"].get<int32_t>());
  for (const auto& expected : golden["item_knn"]) {
    const std::vector<float> got =
        dense(item_knn(pairs, items, {expected["k"], expected["shrinkage"]}, 1), items);
    for (int32_t j = 0; j < items; ++j) {
      for (int32_t i = 0; i < items; ++i)
        EXPECT_NEAR(got[j * items + i], expected["weight"][j][i].get<double>(), 1e-6)
            << j << " to " << i << ", k " << expected["k"] << "; made by " << golden["how"];
    }
  }
}

TEST(ItemKnn, GivesNoItemMoreThanKNeighboursNorItself) {
  const UserItems pairs = random_pairs(60, 30, 700, 3);
  const std::vector<float> weights = dense(item_knn(pairs, 30, {4, 1}, 1), 30);
  for (int32_t i = 0; i < 30; ++i) {
    int neighbours = 0;
    for (int32_t j = 0; j < 30; ++j) neighbours += weights[j * 30 + i] != 0;
    EXPECT_EQ(neighbours, 4) << i;
    EXPECT_EQ(weights[i * 30 + i], 0);
  }
}

TEST(ItemKnn, IsTheSameToTheBitForAnyNumberOfThreads) {
  const UserItems pairs = random_pairs(300, 400, 6000, 4);
  const ItemRows one = item_knn(pairs, 400, {20, 5}, 1), three = item_knn(pairs, 400, {20, 5}, 3);
  EXPECT_EQ(one.start, three.start);
  EXPECT_EQ(one.item, three.item);
  EXPECT_EQ(one.weight, three.weight);
}

TEST(CoCounts, AreTheUsersThatTwoItemsShare) {
  const UserItems pairs = random_pairs(50, 90, 900, 5);
  std::vector<int32_t> counts(90 * 90);
  for_each_co_counts(pairs, 90, 2,
                     [&](int32_t i, std::span<const int32_t> touched, const int32_t* row) {
                       for (const int32_t j : touched) counts[i * 90 + j] = row[j];
                     });
  for (int32_t i = 0; i < 90; ++i) {
    for (int32_t j = 0; j < 90; ++j) {
      int32_t shared = 0;
      for (int32_t u = 0; u < 50; ++u) shared += pairs.has(u, i) && pairs.has(u, j);
      ASSERT_EQ(counts[i * 90 + j], shared) << i << " and " << j;
    }
  }
}

}  // namespace
}  // namespace latent
