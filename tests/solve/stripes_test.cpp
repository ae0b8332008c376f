#include "src/solve/stripes.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/support.h"

namespace latent {
namespace {

TEST(Stripes, HaveAboutEqualWeight) {
  RandomStream s = Rng(1).stream("counts");
  std::vector<int64_t> counts(1000);
  for (auto& c : counts) c = s.below(s.below(100) + 1);
  const auto stripe = stripes_of(counts, 16, Rng(1).stream("order"));
  std::vector<int64_t> load(16);
  for (size_t n = 0; n < counts.size(); ++n) load.at(stripe[n]) += counts[n];
  const auto total = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  for (const int64_t l : load) EXPECT_NEAR(l, total / 16.0, 2);
}

TEST(Stripes, DifferFromSeedToSeed) {
  const std::vector<int64_t> counts(1000, 3);
  EXPECT_NE(stripes_of(counts, 16, Rng(1).stream("order")),
            stripes_of(counts, 16, Rng(2).stream("order")));
}

TEST(StripedRows, KeepStripesApartAndHeavyRowsFirst) {
  std::vector<int64_t> counts(1000);
  RandomStream s = Rng(1).stream("counts");
  for (auto& c : counts) c = s.below(s.below(100) + 1);
  const StripedRows rows(counts, 16, Rng(1).stream("order"));
  const auto stripe = stripes_of(counts, 16, Rng(1).stream("order"));
  std::vector<int> taken(rows.rows(), -1);
  for (int n = 0; n < 1000; ++n) {
    const int32_t row = rows.row_of(n);
    EXPECT_EQ(rows.stripe(row), stripe[n]);
    EXPECT_EQ(std::exchange(taken.at(row), n), -1) << "two in one row";
  }
  for (int32_t row = 0; row + 1 < rows.rows(); ++row) {
    if (taken[row] < 0 || taken[row + 1] < 0) continue;  // beside a gap
    if (rows.stripe(row) != rows.stripe(row + 1)) {
      EXPECT_EQ((row + 1) % 64, 0);
    } else {
      EXPECT_GE(2 * counts[taken[row]], counts[taken[row + 1]]);
    }
  }
  EXPECT_LE(rows.rows(), 1000 + 16 * 64);
}

/// 600 tasks on 7 resources, two each.
OrderedTasks some_tasks(std::vector<std::pair<int, int>>& uses) {
  OrderedTasks tasks(7);
  RandomStream s = Rng(1).stream("tasks");
  for (int n = 0; n < 600; ++n) {
    const int a = static_cast<int>(s.below(7)), b = (a + 1 + static_cast<int>(s.below(6))) % 7;
    tasks.add({a, b});
    uses.emplace_back(a, b);
  }
  return tasks;
}

TEST(OrderedTasks, RunOnceInOrderOnEachResource) {
  std::vector<std::pair<int, int>> uses;
  const OrderedTasks tasks = some_tasks(uses);
  EXPECT_EQ(tasks.size(), 600);
  for (const int threads : {0, 1, 2, 3, 8}) {
    std::vector<std::vector<int64_t>> seen(7);  // no lock: the order is the lock
    tasks.run(threads, [&](int64_t t) {
      seen[uses[t].first].push_back(t);
      seen[uses[t].second].push_back(t);
    });
    size_t count = 0;
    for (const auto& order : seen) {
      EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
      count += order.size();
    }
    EXPECT_EQ(count, 1200);
  }
}

TEST(OrderedTasks, WaitForAnEarlierOneHoweverLongItTakes) {
  std::thread([] {  // whose helpers have not been found wanting before
    OrderedTasks tasks(2);
    tasks.add({0});
    for (int n = 0; n < 10; ++n) tasks.add({0, 1});
    tasks.add({1});
    std::vector<int64_t> seen;
    tasks.run(3, [&](int64_t t) {
      // Longer than waiting threads look before they sleep.
      if (t % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      seen.push_back(t);
    });
    std::vector<int64_t> order(12);
    std::iota(order.begin(), order.end(), 0);
    EXPECT_EQ(seen, order);
  }).join();
}

TEST(OrderedTasks, AThreadThatStallsLeavesTheOtherTasksToTheOthers) {
  std::thread([] {
    OrderedTasks tasks(2);
    tasks.add({0});
    for (int n = 0; n < 10; ++n) tasks.add({1});
    std::atomic<int> others = 0;
    tasks.run(2, [&](int64_t t) {
      if (t > 0) {
        ++others;
        return;
      }
      while (others < 10) std::this_thread::yield();
    });
    EXPECT_EQ(others, 10);
  }).join();
}

TEST(OrderedTasks, GoOnAfterAnExceptionAndRethrowIt) {
  std::vector<std::pair<int, int>> uses;
  const OrderedTasks tasks = some_tasks(uses);
  for (const int threads : {1, 2, 3}) {
    EXPECT_THROW(tasks.run(threads,
                           [&](int64_t t) {
                             if (t == 100) throw std::runtime_error("task");
                           }),
                 std::runtime_error);
  }
}

}  // namespace
}  // namespace latent
