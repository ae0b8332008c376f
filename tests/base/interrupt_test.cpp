#include "src/base/interrupt.h"

#include <csignal>

#include "tests/support.h"

namespace latent {
namespace {

TEST(InterruptGuard, TurnsTheFirstSignalIntoAFlag) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const InterruptGuard guard;  // forgets the signal before
    EXPECT_EQ(InterruptGuard::received(), 0);
    std::raise(signal);
    EXPECT_EQ(InterruptGuard::received(), signal);
  }
}

TEST(InterruptGuardDeathTest, LetsTheSecondSignalEndTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const InterruptGuard guard;
        std::raise(SIGINT);
        std::raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "^latent: stopped at once; ");
}

}  // namespace
}  // namespace latent
