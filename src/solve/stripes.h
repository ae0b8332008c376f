// Parts of users and items that can be worked on at once, always in one order.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <vector>

#include "src/base/rng.h"

namespace latent {

/// Cuts 0..counts.size()-1 into `stripes` (at most 65,536) stripes of about equal total count: the
/// stripe of each index.
std::vector<uint16_t> stripes_of(const std::vector<int64_t>& counts, int stripes,
                                 RandomStream stream);

/// Tasks that each need some of a few resources. Two that share one run in the order they were
/// added, others whenever a thread is free: what they leave behind does not depend on the threads.
class OrderedTasks {
 public:
  explicit OrderedTasks(int resources) : uses_(resources) {}
  void add(std::initializer_list<int> resources);
  int64_t size() const { return static_cast<int64_t>(first_.size()) - 1; }

  /// Calls fn(task) once for each task, from up to `threads` threads (0: all that the machine has).
  /// A task waits only for earlier ones, which are running or done: no deadlock. The first
  /// exception is rethrown after all tasks.
  void run(int threads, const std::function<void(int64_t)>& fn) const;

 private:
  struct Turn {
    int resource;
    int32_t turn;  // how many earlier tasks use the resource
  };
  std::vector<int32_t> uses_;        // [resources] tasks so far
  std::vector<Turn> turns_;          // of all tasks
  std::vector<int64_t> first_ = {0};  // [tasks + 1] into turns_
};

}  // namespace latent
