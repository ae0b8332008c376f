// The first list of a large model, which is made while its items are read.
#include "src/base/error.h"
#include "src/base/file.h"
#include "tests/serve/exported_model.h"

namespace latent {
namespace {

/// Of so many factors that its first list is made while it is read.
struct Large : Exported {
  Large() {
    constexpr int64_t kMany = 4000;
    tables.gamma_user = torch::randn({users.size(), kMany});
    tables.gamma_item = torch::randn({items.size(), kMany});
    write();
  }
};

TEST(FirstListOfALargeModel, IsThatOfTheLaterOnes) {
  const Large e;
  std::vector<char> allowed(e.item_ids.size(), 1);
  for (size_t i = 0; i < allowed.size(); i += 4) allowed[i] = 0;
  for (const int64_t k : {1, 10, 500}) {
    const ServedModel model(e.path.string());
    const ScoredIds first = model.recommend(e.user_ids[3], k, true, allowed);
    EXPECT_FALSE(first.empty());
    for (int n = 0; n < 2; ++n)
      EXPECT_EQ(model.recommend(e.user_ids[3], k, true, allowed), first) << "k " << k;
    const ServedModel other(e.path.string());
    const FoldedUser user{std::vector<float>(4000, 0.5F), 1, {2, 5}};
    EXPECT_EQ(other.recommend(user, k, true), other.recommend(user, k, true));
    const ScoredIds ranked = other.rank_items(e.user_ids[3], {first[0].first});
    EXPECT_EQ(ranked[0].second, first[0].second) << "a single score is that of lists";
  }
}

TEST(FirstListOfALargeModel, IsRefusedWhereItsItemsAreDamaged) {
  const Large e;
  const torch::Tensor last = e.tables.gamma_item[-1].contiguous();
  std::string bytes = read_file(e.path);
  const size_t at =
      bytes.find(std::string(static_cast<const char*>(last.data_ptr()), 4000 * sizeof(float)));
  ASSERT_NE(at, std::string::npos);
  bytes[at + 100] ^= 1;
  write_file(e.path, bytes);
  const ServedModel model(e.path.string());
  EXPECT_THROW((void)model.recommend(e.user_ids[3], 10, true), Error);
  EXPECT_NO_THROW((void)model.predict(e.user_ids[3], e.item_ids[0])) << "what is whole answers";
}

}  // namespace
}  // namespace latent
