#include "src/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace latent {

int hardware_threads() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

// OpenMP, because LibTorch brings it: a second pool would fight with its spinning threads for the
// same cores.
void parallel_chunks(int64_t chunks, int threads, const std::function<void(int64_t)>& fn) {
  if (threads <= 0) threads = hardware_threads();
  threads = static_cast<int>(std::min<int64_t>(threads, chunks));
  if (threads <= 1) {
    for (int64_t c = 0; c < chunks; ++c) fn(c);
    return;
  }
  std::exception_ptr first;
  std::mutex mutex;
  const auto call = [&](int64_t c) {
    try {
      fn(c);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!first) first = std::current_exception();
    }
  };
#ifdef __SANITIZE_THREAD__
  // GNU's OpenMP runtime is not built for the sanitizer: its barriers would pass for races.
  std::atomic<int64_t> next = 0;
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&] {
      for (int64_t c; (c = next++) < chunks;) call(c);
    });
  }
  for (std::thread& worker : workers) worker.join();
#else
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int64_t c = 0; c < chunks; ++c) call(c);
#endif
  if (first) std::rethrow_exception(first);
}

}  // namespace latent
