#include "src/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "src/base/one_of_many.h"
#include "src/base/thread_team.h"

namespace latent {

namespace {
std::atomic<int> asked_threads = 0;
std::atomic<int> sharing_processes = 1;
}  // namespace

int hardware_threads() {
  static const auto threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return std::max(1, threads / sharing_processes);
}

void share_machine(int processes) { sharing_processes = std::max(1, processes); }

int default_threads() {
  const int asked = asked_threads;
  return asked > 0 ? asked : hardware_threads();
}

void set_default_threads(int threads) { asked_threads = threads; }

void parallel_chunks(int64_t chunks, int threads, const std::function<void(int64_t)>& fn) {
  if (threads <= 0) threads = hardware_threads();
  threads = static_cast<int>(std::min<int64_t>(threads, chunks));
  if (threads <= 1 || ThreadTeam::busy()) {
    for (int64_t c = 0; c < chunks; ++c) fn(c);
    return;
  }
  alignas(64) std::atomic<int64_t> next = 0;
  alignas(64) std::mutex mutex;
  std::exception_ptr first;
  ThreadTeam::of_this_thread().run(threads - 1, [&] {
    Share share;
    try {
      for (int64_t c; (c = next.fetch_add(1)) < chunks;) {
        ++share.pieces;
        fn(c);
      }
    } catch (...) {
      next = chunks;
      const std::lock_guard lock(mutex);
      if (!first) first = std::current_exception();
    }
    return share;
  });
  if (first) std::rethrow_exception(first);
}

}  // namespace latent
