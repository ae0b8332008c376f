#include "src/base/top_k.h"

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

TEST(TopK, EqualsAFullSortWithTiesInAnyOrderOfPushes) {
  RandomStream random = Rng(1).stream("top_k");
  for (int run = 0; run < 300; ++run) {
    std::vector<Scored> all;
    const int n = static_cast<int>(random.below(40));
    for (int i = 0; i < n; ++i) all.push_back({i, static_cast<float>(random.below(6)) - 3});
    shuffle(all, Rng(2).stream("order", run));
    for (const int k : {0, 1, 2, 5, 39, 60}) {
      TopK best(k);
      for (const Scored& s : all) best.push(s.index, s.score);
      const auto got = best.take();

      std::vector<Scored> expected = all;
      std::sort(expected.begin(), expected.end(), [](const Scored& a, const Scored& b) {
        return a.score != b.score ? a.score > b.score : a.index < b.index;
      });
      expected.resize(std::min<size_t>(k, expected.size()));
      ASSERT_EQ(got.size(), expected.size()) << "n " << n << ", k " << k;
      for (size_t rank = 0; rank < got.size(); ++rank) {
        EXPECT_EQ(got[rank].index, expected[rank].index)
            << "n " << n << ", k " << k << ", rank " << rank;
        EXPECT_EQ(got[rank].score, expected[rank].score);
      }
    }
  }
}

}  // namespace
}  // namespace latent
