// How a file says to fold in new users: what is written is read, and nothing else.
#include "src/formats/fold_in_spec.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace latent {
namespace {

TEST(FoldInSpec, IsReadAsItWasWritten) {
  FoldInSpec ridge;
  ridge.objective = FoldInSpec::kLeastSquares;
  ridge.ratings = ridge.has_bias = true;
  ridge.factors = {0.02, 1, 0, 1};
  ridge.bias = {3, 0, 1, 0.5};
  ridge.liked = -4;
  FoldInSpec pairs;
  pairs.objective = FoldInSpec::kLeastSquares;
  pairs.every_pair = 0.25;
  pairs.confidence = 3;
  pairs.weighted = true;
  pairs.liked = 2.5;
  FoldInSpec loss;
  loss.objective = FoldInSpec::kLoss;
  loss.loss = "bsl";
  loss.tau = 0.1, loss.tau2 = 1.1, loss.margin = 0.9, loss.negative_weight = 150;
  loss.cosine = loss.popular_negatives = true;
  FoldInSpec sum;
  sum.objective = FoldInSpec::kSum;
  FoldInSpec draws;
  draws.objective = FoldInSpec::kDraws;
  draws.liked = 5;
  for (const FoldInSpec& spec : {ridge, pairs, loss, sum, draws}) {
    const FoldInSpec read = fold_in_spec(nlohmann::json::parse(to_json(spec).dump()));
    EXPECT_EQ(to_json(read), to_json(spec));
    EXPECT_EQ(read.objective, spec.objective);
    EXPECT_EQ(read.has_bias, spec.has_bias);
    EXPECT_EQ(read.reads_ratings(), spec.reads_ratings());
    EXPECT_EQ(read.factors.of(3), spec.factors.of(3));
    if (spec.reads_ratings()) EXPECT_EQ(read.liked, spec.liked);
  }
}

TEST(FoldInSpec, ThatIsNoneIsRefused) {
  using Json = nlohmann::json;
  const Json good = to_json([] {
    FoldInSpec spec;
    spec.objective = FoldInSpec::kLoss;
    spec.loss = "bpr";
    return spec;
  }());
  const auto refused = [&](const std::function<void(Json&)>& change) {
    Json said = good;
    change(said);
    try {
      (void)fold_in_spec(said);
    } catch (const std::runtime_error&) {
      return true;
    } catch (const Json::exception&) {
      return true;
    }
    return false;
  };
  EXPECT_FALSE(refused([](Json&) {}));
  EXPECT_TRUE(refused([](Json& m) { m = 3; }));
  EXPECT_TRUE(refused([](Json& m) { m["objective"] = "magic"; }));
  EXPECT_TRUE(refused([](Json& m) { m["objective"] = ""; }));
  EXPECT_TRUE(refused([](Json& m) { m.erase("objective"); }));
  EXPECT_TRUE(refused([](Json& m) { m["tau"] = 0; }));
  EXPECT_TRUE(refused([](Json& m) { m["tau"] = -1; }));
  EXPECT_TRUE(refused([](Json& m) { m["tau"] = "x"; }));
  EXPECT_TRUE(refused([](Json& m) { m["factor_penalty"] = 3; }));
  EXPECT_TRUE(refused([](Json& m) { m["factor_penalty"]["scale"] = -0.1; }));
}

TEST(FoldInPenalty, GrowsWithTheHistoryAsItSays) {
  const FoldInPenalty fixed{2, 0, 1, 1}, per_item{0.5, 1, 0, 1}, ials{0.1, 1, 20, 0.5};
  EXPECT_EQ(fixed.of(7), 2);
  EXPECT_EQ(per_item.of(7), 3.5);
  EXPECT_DOUBLE_EQ(ials.of(5), 0.5);
}

}  // namespace
}  // namespace latent
