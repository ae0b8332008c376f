// Ranking metrics against the libraries that others compute them with.
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "src/metrics/ranking.h"
#include "tests/metrics/score_matrix.h"

namespace latent {
namespace {

using nlohmann::json;

UserItems pairs_of(const json& pairs, int32_t users) {
  std::vector<int32_t> user, item;
  for (const json& pair : pairs) {
    user.push_back(pair.at(0));
    item.push_back(pair.at(1));
  }
  return UserItems(user, item, users);
}

TEST(RankingMetrics, OfScoresWithoutTiesAreThoseOfRanxPytrecEvalAndScikitLearn) {
  std::ifstream in(LATENT_SOURCE_DIR "/tests/golden/library_metrics.json");
  const json golden = json::parse(in);
  const json& rows = golden.at("scores");
  const auto users = static_cast<int32_t>(rows.size()),
             items = static_cast<int32_t>(rows[0].size());
  std::vector<float> scores;
  for (const json& row : rows) scores.insert(scores.end(), row.begin(), row.end());
  const ScoreMatrix matrix(users, items, std::move(scores));
  const UserItems masked = pairs_of(golden.at("masked"), users),
                  held_out = pairs_of(golden.at("held_out"), users),
                  known = merged(masked, held_out);
  const RankingQuery query{&held_out, &masked, &known, golden.at("k"), 1};
  const auto found = ranking_metrics(matrix.view(), query).all;
  const std::map<std::string, double> got(found.begin(), found.end());
  ASSERT_EQ(got.size(), golden.at("expected").size());
  for (const auto& [name, value] : golden.at("expected").items())
    EXPECT_NEAR(got.at(name), value.get<double>(), 1e-9) << name << "; " << golden.at("how");
}

}  // namespace
}  // namespace latent
