#include "src/base/jobs.h"

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support.h"

namespace latent {
namespace {

TEST(RunJobs, RunsEachTaskOnce) {
  for (const int64_t jobs : {1, 2, 5, 40}) {
    std::vector<std::atomic<int>> runs(20);
    run_jobs(20, jobs, [&](int64_t n) { ++runs[n]; });
    for (const auto& count : runs) EXPECT_EQ(count, 1) << jobs;
  }
  run_jobs(0, 3, [](int64_t) { FAIL() << "there is none"; });
}

TEST(RunJobs, BeginsNoTaskAfterAnExceptionAndThrowsIt) {
  int64_t last = -1;
  try {
    run_jobs(10, 1, [&](int64_t n) {
      last = n;
      if (n == 3) throw std::runtime_error("the fourth");
    });
    FAIL() << "no exception";
  } catch (const std::runtime_error& e) {
    EXPECT_EQ(std::string(e.what()), "the fourth");
  }
  EXPECT_EQ(last, 3);
}

TEST(RunJobs, ThrowsThatOfTheLowestNumber) {
  std::atomic<int> begun = 0;
  const auto both_fail = [&](int64_t n) {
    ++begun;
    while (begun < 2) {
    }
    throw std::runtime_error(std::to_string(n));
  };
  EXPECT_EQ(LATENT_MESSAGE_OF(std::runtime_error, run_jobs(2, 2, both_fail)), "0");
}

}  // namespace
}  // namespace latent
