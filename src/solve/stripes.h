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

/// Where the rows of a table lie so that those of a stripe lie together, the heavy ones first:
/// threads on different stripes share no cache line, and popular rows share pages and lines.
class StripedRows {
 public:
  /// At most 256 stripes, as stripes_of cuts them.
  StripedRows(const std::vector<int64_t>& counts, int stripes, RandomStream stream);

  int32_t rows() const { return static_cast<int32_t>(stripe_.size() * kBlock); }  ///< and gaps
  int32_t row_of(int32_t index) const { return row_[index]; }
  const std::vector<int32_t>& row_of() const { return row_; }  ///< [indices]
  uint32_t stripe(int32_t row) const { return stripe_[static_cast<uint32_t>(row) / kBlock]; }

  static constexpr uint32_t kBlock = 64;  ///< a stripe begins at a multiple of it

 private:
  std::vector<int32_t> row_;     // [indices]
  std::vector<uint8_t> stripe_;  // [rows / kBlock]
};

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
