// The K-th highest score of each user, by sorting all of them.
#include "src/train/thresholds.h"

#include "src/base/parallel.h"
#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

constexpr int32_t kUsers = 200, kItems = 40, kFactors = 5;

struct Data {
  std::vector<float> users, items;
  FactorView view;
  UserItems known;

  Data() {
    RandomStream random = Rng(3).stream("tables");
    for (int n = 0; n < kUsers * kFactors; ++n)
      users.push_back(static_cast<float>(random.normal()));
    for (int n = 0; n < kItems * kFactors; ++n)
      items.push_back(static_cast<float>(random.normal()));
    view.users = kUsers;
    view.items = kItems;
    view.factors = kFactors;
    view.gamma_user = users.data();
    view.gamma_item = items.data();
    std::vector<int32_t> u, i;
    for (int n = 0; n < 900; ++n) {
      u.push_back(static_cast<int32_t>(random.below(kUsers - 1)));  // the last one knows nothing
      i.push_back(static_cast<int32_t>(random.below(kItems)));
    }
    known = UserItems(u, i, kUsers);
  }
};

TEST(KthScores, AreThoseOfKnownItemsAndUnknownDrawnOnes) {
  const Data data;
  const std::vector<int32_t> drawn = {3, 17, 3, 39, 0, 21};
  for (const int64_t k : {1, 4, 100}) {
    const std::vector<float> got = kth_scores(data.view, data.known, drawn, k);
    for (int32_t u = 0; u < kUsers; ++u) {
      std::vector<float> scores;
      for (const int32_t i : data.known.of(u)) scores.push_back(data.view.score(u, i));
      for (const int32_t j : drawn) {
        if (!data.known.has(u, j)) scores.push_back(data.view.score(u, j));
      }
      std::sort(scores.begin(), scores.end(), std::greater<>());
      const size_t at = std::min<size_t>(k, scores.size()) - 1;
      EXPECT_NEAR(got[u], scores[at], 1e-5) << "user " << u;
    }
  }
}

TEST(KthScores, AreZeroForAUserWithoutAnyItem) {
  const Data data;
  EXPECT_EQ(kth_scores(data.view, data.known, {}, 3)[kUsers - 1], 0);
}

TEST(KthScores, HaveTheSameBitsForAnyNumberOfThreads) {
  const Data data;
  const std::vector<int32_t> drawn = {3, 17, 39, 0, 21};
  set_default_threads(1);
  const auto one = kth_scores(data.view, data.known, drawn, 3);
  set_default_threads(3);
  EXPECT_EQ(kth_scores(data.view, data.known, drawn, 3), one);
  set_default_threads(0);
}

}  // namespace
}  // namespace latent
