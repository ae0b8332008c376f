#include "src/solve/stripes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <exception>
#include <iterator>
#include <mutex>
#include <numeric>

#include "src/base/counting_sort.h"
#include "src/base/parallel.h"
#include "src/base/thread_team.h"

namespace latent {

std::vector<uint16_t> stripes_of(const std::vector<int64_t>& counts, int stripes,
                                 RandomStream stream) {
  // A random order first: neighbours in the file are often alike, and the heavy ones must not share
  // a stripe. Then heavy before light, by powers of two: the light ones level what the heavy ones
  // leave uneven.
  std::vector<int32_t> drawn(counts.size()), order(counts.size());
  std::iota(drawn.begin(), drawn.end(), 0);
  shuffle(drawn, stream);
  const auto lightness = [&](int32_t index) {
    return std::countl_zero(static_cast<uint64_t>(counts[index]));
  };
  std::array<int64_t, 66> start = {};
  for (const int32_t index : drawn) ++start[lightness(index) + 1];
  std::partial_sum(start.begin(), start.end(), start.begin());
  for (const int32_t index : drawn) order[start[lightness(index)]++] = index;
  // A heap with the lightest stripe on top; a key is load * 2^16 + stripe.
  std::vector<uint64_t> heap(stripes);
  std::iota(heap.begin(), heap.end(), uint64_t{0});
  std::vector<uint16_t> out(counts.size());
  for (const int32_t index : order) {
    out[index] = static_cast<uint16_t>(heap[0]);
    const uint64_t key = heap[0] + (static_cast<uint64_t>(counts[index]) << 16);
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < heap.size(); at = child) {
      if (child + 1 < heap.size() && heap[child + 1] < heap[child]) ++child;
      if (key <= heap[child]) break;
      heap[at] = heap[child];
    }
    heap[at] = key;
  }
  return out;
}

StripedRows::StripedRows(const std::vector<int64_t>& counts, int stripes, RandomStream stream)
    : row_(counts.size()) {
  const std::vector<uint16_t> stripe = stripes_of(counts, stripes, stream);
  constexpr int kWeights = 65;  // by powers of two; 0 last
  // A row is the place in that order until the gaps between stripes are put in.
  const std::vector<int64_t> start = counting_sort(
      std::ssize(counts), int64_t{stripes} * kWeights,
      [&](int64_t n) {
        return stripe[n] * kWeights + std::countl_zero(static_cast<uint64_t>(counts[n]));
      },
      [&](int64_t n, int64_t place) { row_[n] = static_cast<int32_t>(place); });
  std::vector<int32_t> shift(stripes);
  int64_t rows = 0;
  for (int s = 0; s < stripes; ++s) {
    const int64_t from = start[s * kWeights], to = start[(s + 1) * kWeights];
    shift[s] = static_cast<int32_t>(rows - from);
    rows += ceil_div(to - from, kBlock) * kBlock;
    stripe_.resize(rows / kBlock, static_cast<uint8_t>(s));
  }
  for (size_t n = 0; n < row_.size(); ++n) row_[n] += shift[stripe[n]];
}

void OrderedTasks::add(std::initializer_list<int> resources) {
  for (const int r : resources) turns_.push_back({r, uses_[r]++});
  first_.push_back(static_cast<int64_t>(turns_.size()));
}

void OrderedTasks::run(int threads, const std::function<void(int64_t)>& fn) const {
  struct alignas(64) Done {
    std::atomic<int32_t> tasks = 0;
  };
  std::vector<Done> done(uses_.size());
  alignas(64) std::atomic<int64_t> next = 0;
  std::mutex mutex;
  std::exception_ptr first;
  const auto wait = [&](const Turn& t, Share& share) {
    const std::atomic<int32_t>& tasks = done[t.resource].tasks;
    const auto come = [&](int32_t earlier) { return earlier == t.turn; };
    if (come(tasks.load(std::memory_order_acquire))) return;
    const auto begin = Clock::now();
    wait_until(tasks, come);
    share.spun += std::min<Clock::duration>(Clock::now() - begin, kSpin);
  };
  const auto work = [&] {
    Share share;
    for (int64_t task; (task = next.fetch_add(1)) < size(); ++share.pieces) {
      const Turn* const from = turns_.data() + first_[task];
      const Turn* const to = turns_.data() + first_[task + 1];
      std::for_each(from, to, [&](const Turn& t) { wait(t, share); });
      try {
        fn(task);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
      }
      for (auto t = from; t != to; ++t) {  // also after an exception, since others wait for it
        done[t->resource].tasks.store(t->turn + 1);
        done[t->resource].tasks.notify_all();
      }
    }
    return share;
  };
  if (threads <= 0) threads = hardware_threads();
  if (threads == 1 || ThreadTeam::busy()) {
    work();
  } else {
    ThreadTeam::of_this_thread().run(threads - 1, work);
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace latent
