#include "src/base/jobs.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

namespace latent {

void run_jobs(int64_t tasks, int64_t jobs, const std::function<void(int64_t)>& task) {
  std::vector<std::exception_ptr> failed(tasks);
  std::atomic<int64_t> next = 0;
  const auto work = [&] {
    for (int64_t n; (n = next++) < tasks;) {
      try {
        task(n);
      } catch (...) {
        failed[n] = std::current_exception();
        next = tasks;
      }
    }
  };
  std::vector<std::thread> others;
  for (int64_t n = 1; n < std::min(jobs, tasks); ++n) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  for (const std::exception_ptr& e : failed) {
    if (e) std::rethrow_exception(e);
  }
}

}  // namespace latent
