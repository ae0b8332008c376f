// What memory is left, and how it is told.
#include "src/base/memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace latent {
namespace {

TEST(AvailableMemory, IsAboveNothingAndWithinALimitOfTheAddressSpace) {
  EXPECT_GT(available_memory(), 0);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  rlimit low = before;
  low.rlim_cur = 8'000'000'000;
  if (before.rlim_max != RLIM_INFINITY && before.rlim_max < low.rlim_cur)
    GTEST_SKIP() << "the limit here is lower";
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &low), 0);
  const int64_t left = available_memory();
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_LT(left, 8'000'000'000);
}

TEST(WholeMemory, IsAtLeastWhatIsAvailable) {
  EXPECT_GE(whole_memory(), available_memory());
  EXPECT_LT(whole_memory(), INT64_MAX);
}

TEST(MemoryText, RoundsUpToMegabytesAndGivesGigabytesADecimal) {
  EXPECT_EQ(memory_text(1), "1 MB");
  EXPECT_EQ(memory_text(23'100'000), "24 MB");
  EXPECT_EQ(memory_text(1.6e9), "1.6 GB");
}

}  // namespace
}  // namespace latent
