#include "src/metrics/user_auc.h"

#include <algorithm>

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

/// The definition, pair by pair.
double plain_auc(const std::vector<float>& scores, const std::vector<int32_t>& held_out,
                 const std::vector<int32_t>& known) {
  double wins = 0, pairs = 0;
  for (const int32_t i : held_out) {
    for (int32_t j = 0; j < static_cast<int32_t>(scores.size()); ++j) {
      if (std::binary_search(known.begin(), known.end(), j)) continue;
      wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      pairs += 1;
    }
  }
  return pairs == 0 ? -1 : wins / pairs;
}

TEST(UserAuc, EqualsEveryPairCountedForFewAndManyHeldOutItemsWithTies) {
  for (int run = 0; run < 200; ++run) {
    RandomStream random = Rng(run).stream("user_auc");
    const auto items = static_cast<int32_t>(2 + random.below(300));
    std::vector<float> scores(items);
    for (float& s : scores) s = static_cast<float>(random.below(run % 2 == 0 ? 10 : 1000));
    std::vector<int32_t> known, held_out;
    for (int32_t i = 0; i < items; ++i) {
      if (random.below(3) != 0 && run % 20 != 0) continue;  // now and then all are known
      known.push_back(i);
      if (random.below(2) == 0) held_out.push_back(i);
    }
    if (held_out.empty()) continue;
    std::vector<float> own;
    for (const int32_t i : held_out) own.push_back(scores[i]);
    UserAuc auc(own, known);
    for (int32_t first = 0; first < items; first += 70)
      auc.add(first, std::span(scores).subspan(first, std::min(70, items - first)));
    EXPECT_DOUBLE_EQ(auc.value(), plain_auc(scores, held_out, known))
        << held_out.size() << " held out of " << items;
  }
}

}  // namespace
}  // namespace latent
