#include "src/base/parallel.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
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

TEST(ParallelChunks, BeginsNoChunkAfterAnException) {
  for (const int threads : {1, 2, 3}) {
    std::atomic<int> begun = 0;
    const auto run = [&] {
      parallel_chunks(1'000'000, threads, [&](int64_t) {
        ++begun;
        throw std::runtime_error("chunk");
      });
    };
    EXPECT_THROW(run(), std::runtime_error);
    EXPECT_LE(begun, threads);
  }
}

TEST(ParallelChunks, RunsCallsFromSeveralThreadsAtOnce) {
  std::vector<std::thread> callers;
  std::vector<int64_t> sums(4);
  for (auto& sum : sums) {
    callers.emplace_back([&sum] {
      for (int n = 0; n < 500; ++n) {
        std::vector<int64_t> value(20);
        parallel_chunks(20, 3, [&](int64_t c) { value[c] = c; });
        for (const int64_t v : value) sum += v;
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(sums, std::vector<int64_t>(4, 500 * 190));
}

TEST(ParallelChunks, RunsACallWithinAChunkOnTheSameThread) {
  for (const int threads : {1, 2, 3}) {
    std::vector<std::atomic<int>> calls(10 * 10);
    std::atomic<int> strangers = 0;
    parallel_chunks(10, threads, [&](int64_t outer) {
      const auto here = std::this_thread::get_id();
      parallel_chunks(10, threads, [&](int64_t inner) {
        ++calls[outer * 10 + inner];
        if (threads > 1 && std::this_thread::get_id() != here) ++strangers;
      });
    });
    for (const auto& count : calls) EXPECT_EQ(count, 1);
    EXPECT_EQ(strangers, 0);
  }
}

TEST(ParallelChunks, CompletesManyTinyCallsWithAndWithoutPauses) {
  for (const bool pauses : {false, true}) {
    const int calls = pauses ? 300 : 100'000;
    int64_t wrong = 0;
    for (int n = 0; n < calls; ++n) {
      int64_t value[3] = {};
      parallel_chunks(3, 3, [&](int64_t c) { value[c] = n + c; });
      for (int64_t c = 0; c < 3; ++c) wrong += value[c] != n + c;
      // Long enough for helpers to fall asleep.
      if (pauses) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    EXPECT_EQ(wrong, 0);
  }
}

TEST(ParallelChunks, AThreadThatStallsLeavesTheOtherChunksToTheOthers) {
  for (int64_t stalled = 0; stalled < 20; ++stalled) {
    // Each in a thread of its own, whose helpers have not been found wanting before: this one's
    // would be, and a call without helpers never ends here.
    std::thread([stalled] {
      std::atomic<int> others = 0;
      parallel_chunks(20, 2, [&](int64_t c) {
        if (c != stalled) {
          ++others;
          return;
        }
        while (others < 19) std::this_thread::yield();
      });
      EXPECT_EQ(others, 19);
    }).join();
  }
}

TEST(DefaultThreads, AreAllOfTheMachineUnlessSet) {
  EXPECT_EQ(default_threads(), hardware_threads());
  set_default_threads(3);
  EXPECT_EQ(default_threads(), 3);
  set_default_threads(0);
  EXPECT_EQ(default_threads(), hardware_threads());
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
