// A long ranking says how far it is, where it is told to.
#include <chrono>
#include <thread>

#include "src/metrics/ranking_sums.h"
#include "tests/support.h"

namespace latent {
namespace {

/// What is said on standard error while 320 users are ranked, 64 in .4 s.
std::string said(const RankingWork& work) {
  std::vector<int32_t> user, item;
  for (int32_t u = 0; u < 320; ++u) {
    user.push_back(u);
    item.push_back(0);
  }
  testing::internal::CaptureStderr();
  mean_rankings(UserItems(user, item, 320), {10}, work, [](int32_t, int32_t) { return false; },
                [](std::span<const int32_t> users, RankingSums& all, RankingSums&) {
                  std::this_thread::sleep_for(std::chrono::milliseconds(400));
                  for (const int32_t u : users) all.add(u, UserFigures(1));
                });
  return testing::internal::GetCapturedStderr();
}

TEST(MeanRankings, TellsOfItsProgressOnceItHasTakenAWhile) {
  const std::string text = said({.threads = 1, .tell = true, .quiet = 0});
  EXPECT_NE(text.find("ranking"), std::string::npos) << text;
  EXPECT_NE(text.find("users"), std::string::npos) << text;
}

TEST(MeanRankings, IsSilentWhereItIsShort) {
  EXPECT_EQ(said({.threads = 4, .tell = true}), "");
}

}  // namespace
}  // namespace latent
