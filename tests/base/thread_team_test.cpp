#include "src/base/thread_team.h"

#include <chrono>

#include "tests/support.h"

namespace latent {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// The clock and the regions of a made-up training on a made-up machine.
class HelperLimitTest : public testing::Test {
 protected:
  /// Ten pieces of 100 us each for every thread; the caller is put aside or waits for turns for
  /// `aside`; helpers end `late` after it.
  void region(int helpers, microseconds late, microseconds aside = {}) {
    const auto working = milliseconds(1);
    now_ += working + aside + late;
    limit_.judge({helpers, 10, 10 * helpers, working, working + aside, late}, now_);
  }
  int allowed(int wanted = 1) { return limit_.allowed(wanted, now_); }
  /// Regions for `time` as they are allowed: with a helper they stall. -> how many had one.
  int busy_for(milliseconds time) {
    int tried = 0;
    for (const auto end = now_ + time; now_ < end;) {
      const int helpers = allowed();
      tried += helpers;
      region(helpers, helpers > 0 ? milliseconds(4) : milliseconds(0));
    }
    return tried;
  }

  HelperLimit limit_;
  Clock::time_point now_{};
};

TEST_F(HelperLimitTest, AllowsAllThatAreWantedAtFirst) { EXPECT_EQ(allowed(15), 15); }

TEST_F(HelperLimitTest, ForgivesOneStallAfterMuchHelp) {
  for (int n = 0; n < 100; ++n) region(1, microseconds(0));
  region(1, milliseconds(3));
  EXPECT_EQ(allowed(), 1);
}

TEST_F(HelperLimitTest, CallsOneFewerOnceStallsCostMoreThanHelpersGain) {
  region(1, milliseconds(3));
  EXPECT_EQ(allowed(), 1);
  region(1, milliseconds(3));
  EXPECT_EQ(allowed(), 0);
}

TEST_F(HelperLimitTest, CountsTimesWhenTheCallerItselfDoesNotWork) {
  for (int n = 0; n < 3; ++n) region(1, microseconds(0), milliseconds(3));
  EXPECT_EQ(allowed(), 0);
}

TEST_F(HelperLimitTest, DoesNotMindWaitsForPiecesThatTakeTheirTime) {
  for (int n = 0; n < 1000; ++n) region(1, microseconds(200));
  EXPECT_EQ(allowed(), 1);
}

TEST_F(HelperLimitTest, TriesAgainAfterAPause) {
  for (int n = 0; n < 2; ++n) region(1, milliseconds(3));
  EXPECT_EQ(allowed(), 0);
  now_ += milliseconds(5);
  EXPECT_EQ(allowed(), 1);
}

TEST_F(HelperLimitTest, TriesMoreAndMoreSeldomWhileItFails) {
  EXPECT_GT(busy_for(milliseconds(1000)), 5);
  EXPECT_LE(busy_for(milliseconds(10000)), 51);
}

TEST_F(HelperLimitTest, IsBackSoonAfterTheMachineIsFree) {
  busy_for(milliseconds(10000));
  now_ += milliseconds(201);
  for (int n = 0; n < 1000; ++n) {
    EXPECT_EQ(allowed(), 1);
    region(1, microseconds(50));
  }
  // And the long pauses are forgotten.
  busy_for(milliseconds(20));
  EXPECT_GT(busy_for(milliseconds(100)), 2);
}

TEST_F(HelperLimitTest, GivesUpOneOfManyHelpersAtATime) {
  for (int n = 0; n < 2; ++n) region(7, milliseconds(3));
  EXPECT_EQ(allowed(7), 6);
  region(6, milliseconds(3));
  EXPECT_EQ(allowed(7), 5);
  for (int n = 0; n < 1000; ++n) region(5, microseconds(0));
  EXPECT_EQ(allowed(7), 6);
}

TEST(ThreadTeamTest, CallsTheBodyHereAndFromNoMoreHelpersThanAsked) {
  for (const int helpers : {0, 1, 3}) {
    std::atomic<int> calls = 0, here = 0;
    const auto caller = std::this_thread::get_id();
    ThreadTeam team;
    team.run(helpers, [&] {
      ++calls;
      if (std::this_thread::get_id() == caller) ++here;
      EXPECT_TRUE(ThreadTeam::busy());
      return Share{1, {}};
    });
    EXPECT_EQ(here, 1);
    EXPECT_LE(calls, helpers + 1);
    EXPECT_FALSE(ThreadTeam::busy());
  }
}

}  // namespace
}  // namespace latent
