#include "src/base/edit_distance.h"

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

/// The definition, by recursion from the back.
int plain_distance(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return static_cast<int>(a.size() + b.size());
  const std::string a1 = a.substr(0, a.size() - 1), b1 = b.substr(0, b.size() - 1);
  int best = std::min({plain_distance(a1, b) + 1, plain_distance(a, b1) + 1,
                       plain_distance(a1, b1) + (a.back() != b.back())});
  if (a.size() > 1 && b.size() > 1 && a.back() == b[b.size() - 2] && a[a.size() - 2] == b.back()) {
    best = std::min(best, plain_distance(a.substr(0, a.size() - 2), b.substr(0, b.size() - 2)) + 1);
  }
  return best;
}

TEST(EditDistance, EqualsItsDefinitionOnRandomWords) {
  RandomStream random = Rng(1).stream("words");
  const auto word = [&] {
    std::string out(random.below(6), ' ');
    for (char& c : out) c = static_cast<char>('a' + random.below(3));
    return out;
  };
  for (int run = 0; run < 300; ++run) {
    const std::string a = word(), b = word();
    EXPECT_EQ(edit_distance(a, b), plain_distance(a, b)) << a << " and " << b;
  }
}

TEST(EditDistance, CountsASwapOfNeighboursOnce) {
  EXPECT_EQ(edit_distance("lamdba", "lambda"), 1);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
}

TEST(DidYouMean, NamesTheNearest) {
  const std::vector<std::string> known = {"train.lr", "train.lambda", "eval.k", "data.path"};
  EXPECT_EQ(did_you_mean("train.lamda", known), "; did you mean 'train.lambda'?");
  EXPECT_EQ(did_you_mean("dat.pth", known), "; did you mean 'data.path'?");
}

TEST(DidYouMean, FindsTheRightKnobInTheWrongSection) {
  const std::vector<std::string> known = {"model.name", "model.factors", "train.lr", "eval.k"};
  EXPECT_EQ(did_you_mean("model.lr", known), "; did you mean 'train.lr'?");
  EXPECT_EQ(did_you_mean("k", known), "; did you mean 'eval.k'?");
}

TEST(DidYouMean, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(did_you_mean("zzzzzzzz", {"train.lr", "eval.k"}), "");
  EXPECT_EQ(did_you_mean(std::string(1000000, 'x'), {std::string(1000000, 'x')}), "");
  EXPECT_EQ(did_you_mean("train.lr", {}), "");
}

}  // namespace
}  // namespace latent
