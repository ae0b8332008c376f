#include "src/metrics/significance.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

nlohmann::json golden() {
  std::ifstream in(LATENT_SOURCE_DIR "/tests/golden/statistics.json");
  return nlohmann::json::parse(in);
}

TEST(WilcoxonSignedRank, IsSciPysWithPrattsZerosAndTies) {
  const auto cases = golden().at("signed_rank");
  ASSERT_GT(cases.size(), 5u);
  for (const auto& [name, one] : cases.items()) {
    const auto values = one.at("values").get<std::vector<double>>();
    const SignedRank got = wilcoxon_signed_rank(values);
    const double p = one.at("p");
    EXPECT_NEAR(got.p, p, 1e-12 + 1e-9 * p) << name;
    EXPECT_NEAR(got.rank_biserial, one.at("rank_biserial").get<double>(), 1e-12) << name;
  }
}

TEST(WilcoxonSignedRank, OfZerosAloneIsNoDifference) {
  for (const size_t count : {0u, 1u, 100u}) {
    const SignedRank got = wilcoxon_signed_rank(std::vector<double>(count));
    EXPECT_EQ(got.p, 1);
    EXPECT_EQ(got.rank_biserial, 0);
  }
}

TEST(WilcoxonSignedRank, TurnsItsSignWithTheDifferencesAndKeepsP) {
  RandomStream random = Rng(1).stream("differences");
  std::vector<double> values(200), turned;
  for (double& value : values) value = std::floor(6 * random.uniform()) - 2;
  for (const double value : values) turned.push_back(-value);
  const SignedRank got = wilcoxon_signed_rank(values), other = wilcoxon_signed_rank(turned);
  EXPECT_GT(got.rank_biserial, 0);
  EXPECT_EQ(got.p, other.p);
  EXPECT_EQ(got.rank_biserial, -other.rank_biserial);
}

TEST(WilcoxonSignedRank, RejectsOneInTwentyWhereThereIsNothing) {
  int rejected = 0;
  for (uint64_t n = 0; n < 2000; ++n) {
    RandomStream random = Rng(2).stream("nothing", n);
    std::vector<double> values(80);
    for (double& value : values) value = random.normal();
    rejected += wilcoxon_signed_rank(values).p < 0.05;
  }
  EXPECT_NEAR(rejected, 100, 4 * std::sqrt(95));
}

TEST(Holm, IsThatOfStatsmodels) {
  for (const auto& family : golden().at("holm")) {
    const auto got = holm(family.at("p").get<std::vector<double>>());
    const auto expected = family.at("adjusted").get<std::vector<double>>();
    ASSERT_EQ(got.size(), expected.size());
    for (size_t n = 0; n < got.size(); ++n) EXPECT_NEAR(got[n], expected[n], 1e-15);
  }
  EXPECT_TRUE(holm({}).empty());
}

TEST(StudentT, IsThatOfSciPy) {
  for (const auto& [df, value] : golden().at("student_t_975").items())
    EXPECT_NEAR(student_t_975(std::stoll(df)), value.get<double>(), 1e-4) << df;
}

}  // namespace
}  // namespace latent
