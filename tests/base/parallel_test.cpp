#include "src/base/parallel.h"

#include <atomic>
#include <stdexcept>
#include <vector>

#include "tests/support.h"

namespace latent {
namespace {

TEST(ParallelChunks, CallsEachChunkOnce) {
  for (const int threads : {0, 1, 2, 3, 16}) {
    for (const int64_t chunks : {0, 1, 2, 3, 100, 1000}) {
      std::vector<std::atomic<int>> calls(chunks);
      parallel_chunks(chunks, threads, [&](int64_t c) { ++calls.at(c); });
      for (const auto& count : calls)
        EXPECT_EQ(count, 1) << chunks << " chunks, " << threads << " threads";
    }
  }
}

TEST(ParallelChunks, RethrowsAfterAllThreadsHaveStopped) {
  for (const int threads : {1, 2, 3}) {
    std::atomic<int> running = 0;
    const auto run = [&] {
      parallel_chunks(100, threads, [&](int64_t c) {
        ++running;
        const struct Leave {
          std::atomic<int>& n;
          ~Leave() { --n; }
        } leave{running};
        if (c % 10 == 7) throw std::runtime_error("chunk");
      });
    };
    EXPECT_EQ(LATENT_MESSAGE_OF(std::runtime_error, run()), "chunk");
    EXPECT_EQ(running, 0);
  }
}

TEST(ParallelChunks, WorksAgainAfterAnException) {
  EXPECT_THROW(parallel_chunks(4, 2, [](int64_t) { throw std::runtime_error("x"); }),
               std::runtime_error);
  std::atomic<int> calls = 0;
  parallel_chunks(4, 2, [&](int64_t) { ++calls; });
  EXPECT_EQ(calls, 4);
}

TEST(HardwareThreads, AreAtLeastOne) { EXPECT_GE(hardware_threads(), 1); }

TEST(CeilDiv, RoundsUp) {
  EXPECT_EQ(ceil_div(0, 4), 0);
  EXPECT_EQ(ceil_div(1, 4), 1);
  EXPECT_EQ(ceil_div(4, 4), 1);
  EXPECT_EQ(ceil_div(5, 4), 2);
}

}  // namespace
}  // namespace latent
