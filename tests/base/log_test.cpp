#include "src/base/log.h"

#include "tests/support.h"

namespace latent {
namespace {

TEST(DurationText, UsesTheUnitThatAPersonWould) {
  EXPECT_EQ(duration_text(0.04), "0.0 s");
  EXPECT_EQ(duration_text(1.54), "1.5 s");
  EXPECT_EQ(duration_text(123), "2 min 03 s");
  EXPECT_EQ(duration_text(3599.7), "1 h 00 min");
  EXPECT_EQ(duration_text(3720), "1 h 02 min");
}

TEST(CountText, ShortensLargeCounts) {
  EXPECT_EQ(count_text(321), "321");
  EXPECT_EQ(count_text(9999), "9999");
  EXPECT_EQ(count_text(45000), "45.0 k");
  EXPECT_EQ(count_text(12.34e6), "12.3 M");
  EXPECT_EQ(count_text(2.5e9), "2.50 G");
}

TEST(Progress, SaysNothingOfShortWorkOnAPipe) {
  testing::internal::CaptureStderr();
  {
    Progress progress("reading", 100, "bytes");
    for (int n = 0; n <= 100; ++n) progress.update(n);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace latent
