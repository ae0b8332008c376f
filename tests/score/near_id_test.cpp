#include "src/score/near_id.h"

#include <vector>

#include "tests/support.h"

namespace latent {
namespace {

std::string near(const std::string& id, const std::vector<std::string>& known) {
  const OwnedIds ids(known);
  const std::string text = did_you_mean_id(id, ids.table());
  const std::string before = "; did you mean '", after = "'?";
  return text.empty() ? "" : text.substr(before.size(), text.size() - before.size() - after.size());
}

TEST(DidYouMeanId, FindsTheSameNumberWrittenOtherwise) {
  EXPECT_EQ(near("1", {"2.0", "1.0"}), "1.0");
  EXPECT_EQ(near("1.0", {"2", "1"}), "1");
  EXPECT_EQ(near("007", {"7"}), "7");
  EXPECT_EQ(near("114709", {"0114709"}), "0114709");
  EXPECT_EQ(near(" 5", {"5"}), "5");
  EXPECT_EQ(near("12", {"11", "13", "120"}), "");  // another number is another id
}

TEST(DidYouMeanId, FindsTheSameWordInOtherCaseOrASlipAway) {
  EXPECT_EQ(near("Anna", {"anna"}), "anna");
  EXPECT_EQ(near("b00x", {"B00X"}), "B00X");
  EXPECT_EQ(near("item_12a", {"item-12a", "other"}), "item-12a");
  EXPECT_EQ(near("nobody", {"u1", "u2"}), "");
  EXPECT_EQ(near("", {"a"}), "");
}

TEST(DidYouMeanId, IsBoundedInALargeCatalogue) {
  std::vector<std::string> many;
  for (int n = 0; n < 300000; ++n) many.push_back("member" + std::to_string(n));
  EXPECT_EQ(near("MEMBER299999", many), "member299999");
  EXPECT_NE(near("membr12", many), "");
  EXPECT_EQ(near(std::string(100000, 'x'), many), "");
}

}  // namespace
}  // namespace latent
