#include "src/score/top_k.h"

#include <limits>

#include "src/base/rng.h"
#include "src/score/strip_top_k.h"
#include "tests/support.h"

namespace latent {
namespace {

TEST(TopK, EqualsAFullSortWithTiesInAnyOrderOfPushes) {
  RandomStream random = Rng(1).stream("top_k");
  for (int run = 0; run < 300; ++run) {
    std::vector<Scored> all;
    const bool many = run % 10 == 0;  // enough for several selections
    const int n = static_cast<int>(random.below(many ? 2000 : 40));
    const uint32_t levels = many ? 500 : 6;
    for (int i = 0; i < n; ++i)
      all.push_back({i, static_cast<float>(random.below(levels)) - static_cast<float>(levels / 2)});
    shuffle(all, Rng(2).stream("order", run));
    for (const int k : {0, 1, 2, 5, 39, 60, 100}) {
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

TEST(TopK, LeavesOutNaN) {
  TopK best(2);
  for (int i = 0; i < 200; ++i)
    best.push(i, i % 3 == 0 ? static_cast<float>(i) : std::numeric_limits<float>::quiet_NaN());
  const auto got = best.take();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].index, 198);
  EXPECT_EQ(got[1].index, 195);
}

// Rows pushed strip by strip, items admitted or not: the k best of the admitted.
TEST(PushRow, EqualsPushingEveryAdmittedItem) {
  RandomStream random = Rng(4).stream("push_row");
  for (const int k : {0, 1, 10, 700}) {
    std::vector<float> scores(1000);
    for (float& s : scores) s = static_cast<float>(random.below(50));
    const auto admits = [](int32_t i) { return i % 3 != 1; };
    TopK rows(k), one(k);
    for (int32_t first = 0; first < 1000; first += 130) {
      const auto strip = std::span(scores).subspan(first, std::min(130, 1000 - first));
      push_row(rows, first, strip, admits);
    }
    for (int32_t i = 0; i < 1000; ++i) {
      if (admits(i)) one.push(i, scores[i]);
    }
    const auto got = rows.take(), expected = one.take();
    ASSERT_EQ(got.size(), static_cast<size_t>(std::min(k, 667)));
    for (size_t n = 0; n < got.size(); ++n) EXPECT_EQ(got[n].index, expected[n].index);
  }
}

}  // namespace
}  // namespace latent
