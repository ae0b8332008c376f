// EASE against NumPy's, and models that are computed at once against their definitions.
#include "src/train/at_once.h"

#include "models/registry.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/rng.h"
#include "src/score/ranker.h"
#include "src/train/module_view.h"
#include "tests/support.h"

namespace latent {
namespace {

constexpr int32_t kUsers = 30, kItems = 20;

/// Pairs that may repeat; user 0 and item 0 have none.
Interactions random_rows() {
  RandomStream random = Rng(5).stream("rows");
  Interactions rows;
  for (int n = 0; n < 150; ++n)
    rows.push(1 + static_cast<int32_t>(random.below(kUsers - 1)),
              1 + static_cast<int32_t>(random.below(kItems - 1)),
              static_cast<float>(1 + random.below(5)));
  return rows;
}

class Computed {
 public:
  Computed(const std::string& name, const Interactions& rows, int64_t threads = 1) {
    config_.model.name = name;
    config_.train.threads = threads;
    config_.item_knn = {.k = 5, .shrinkage = 2};
    config_.ease.lambda = 3;
    model_ = make_model(name, model_spec(config_, kUsers, kItems, {mean_rating(rows), 1, 5}));
    fit_at_once({config_, *model_, rows, nullptr, torch::kCPU});
  }
  const RecommenderImpl& model() const { return *model_; }
  torch::Tensor forward(int32_t u, int32_t i) const {
    const torch::NoGradGuard no_grad;
    return model_->forward(torch::tensor({int64_t{u}}), torch::tensor({int64_t{i}}));
  }

 private:
  RunConfig config_;
  Recommender model_;
};

TEST(ModelsComputedAtOnce, ScoreAsTheirModulesSay) {
  const Interactions rows = random_rows();
  for (const char* name : {"popularity", "item_mean", "item_knn", "ease"}) {
    const Computed computed(name, rows);
    const ModuleView view(computed.model());
    for (int32_t u = 0; u < kUsers; ++u) {
      for (int32_t i = 0; i < kItems; ++i)
        ASSERT_NEAR(view.view().score(u, i), computed.forward(u, i).item<float>(), 1e-5) << name;
    }
  }
}

TEST(ModelsComputedAtOnce, AreTheSameToTheBitOnThreeThreads) {
  const Interactions rows = random_rows();
  for (const char* name : {"popularity", "item_mean", "item_knn", "ease"}) {
    const Computed one(name, rows, 1), three(name, rows, 3);
    const ModuleView a(one.model()), b(three.model());
    for (int32_t u = 0; u < kUsers; ++u) {
      for (int32_t i = 0; i < kItems; ++i)
        ASSERT_EQ(a.view().score(u, i), b.view().score(u, i)) << name;
    }
  }
}

TEST(Popularity, CountsUsersNotRows) {
  const Interactions rows = random_rows();
  const Computed computed("popularity", rows);
  const ModuleView view(computed.model());
  const UserItems pairs = user_items(rows, kUsers);
  for (int32_t i = 0; i < kItems; ++i) {
    float users = 0;
    for (int32_t u = 0; u < kUsers; ++u) users += pairs.has(u, i) ? 1 : 0;
    EXPECT_EQ(view.view().score(3, i), users);
  }
}

TEST(ItemMean, IsTheMeanOfTheItemsRatingsAndOfAllForAnItemWithoutAny) {
  const Interactions rows = random_rows();
  const Computed computed("item_mean", rows);
  const ModuleView view(computed.model());
  for (int32_t i = 0; i < kItems; ++i) {
    double sum = 0, count = 0;
    for (int64_t n = 0; n < rows.size(); ++n) {
      if (rows.item[n] != i) continue;
      sum += rows.rating[n];
      ++count;
    }
    EXPECT_NEAR(view.view().predict(2, i), count > 0 ? sum / count : mean_rating(rows), 1e-5);
  }
}

TEST(Ease, EqualsTheNumpyTwin) {
  const auto golden = nlohmann::json::parse(
      read_file(std::string(LATENT_SOURCE_DIR) + "/tests/golden/item_models.json"));
  std::vector<int32_t> user, item;
  for (const auto& pair : golden["pairs"]) {
    user.push_back(pair[0]);
    item.push_back(pair[1]);
  }
  const int32_t items = golden["items"];
  const UserItems pairs(user, item, golden["users"].get<int32_t>());
  for (const auto& expected : golden["ease"]) {
    const torch::Tensor got = ease_weights(pairs, items, expected["lambda"], 2);
    for (int32_t j = 0; j < items; ++j) {
      for (int32_t i = 0; i < items; ++i)
        EXPECT_NEAR(got[j][i].item<double>(), expected["weight"][j][i].get<double>(), 2e-5)
            << j << " to " << i << ", lambda " << expected["lambda"] << "; made by "
            << golden["how"];
    }
  }
}

TEST(Ease, ThatNeedsMoreMemoryThanThereIsIsRefusedWithWhatToDo) {
  EXPECT_EQ(ease_memory(10'000), 800'000'000);
  require_ease_memory(10'000, 800'000'000);
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, require_ease_memory(100'000, 23'000'000'000)),
            "ease: 100000 items need 80.0 GB of memory, and 23.0 GB are free; keep fewer items "
            "(data.min_item), or take another model, such as ials");
}

}  // namespace
}  // namespace latent
