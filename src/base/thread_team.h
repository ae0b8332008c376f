// A calling thread and its helpers, who sleep when there is nothing to do.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "src/base/waiting.h"

namespace latent {

/// What one thread did in a region.
struct Share {
  int64_t pieces = 0;      ///< of work, about equally long
  Clock::duration spun{};  ///< its processor's time spent on looking whether others are done
};

/// How many helpers are worth having just now. A thread that the system has put aside in the middle
/// of a piece holds up all others for milliseconds; where a core is taken by somebody else this
/// happens again and again, and fewer threads get on faster. So each region is judged by its own
/// times; after some that lost, one helper fewer is called for a while, and then it is tried again.
class HelperLimit {
 public:
  int allowed(int wanted, Clock::time_point now);

  struct Region {
    int helpers;                 ///< that were called
    int64_t own;                 ///< pieces that the caller did
    int64_t helped;              ///< pieces that helpers did
    Clock::duration working;     ///< the processor's time for the caller's pieces
    Clock::duration taken;       ///< until the caller found no more pieces
    Clock::duration at_the_end;  ///< its wait for the helpers' last pieces
  };
  void judge(const Region& region, Clock::time_point now);

 private:
  int limit_;
  bool limited_ = false;
  Clock::duration balance_ = kMostCredit;  // gained by helpers, less what waiting for them cost
  Clock::duration pause_ = kShortestPause;
  Clock::time_point retry_;

  static constexpr std::chrono::milliseconds kMostCredit{2}, kShortestPause{5}, kLongestPause{200};
  static constexpr std::chrono::microseconds kTrialCredit{500};
};

/// Each calling thread has a team of its own, so calls from several threads never wait for each
/// other. Helpers are started when first wanted and end with the thread.
class ThreadTeam {
 public:
  ThreadTeam() = default;
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;
  ~ThreadTeam();

  static ThreadTeam& of_this_thread();
  /// Whether this thread is in a region; a region within a region has no helpers.
  static bool busy();

  /// Calls body() here and from at most `helpers` other threads, whichever come while there is
  /// work; it takes pieces until none is left, and must not throw. Returns when all that were
  /// called have returned; helpers that did not come in time are not waited for.
  void run(int helpers, const std::function<Share()>& body);

 private:
  void start(int helpers);
  void help();

  // Seats that are free for helpers, times kSeat, plus the helpers inside.
  static constexpr uint32_t kSeat = 1 << 16, kInside = kSeat - 1;
  alignas(64) std::atomic<uint32_t> gate_ = 0;
  alignas(64) std::atomic<uint32_t> calls_ = 0;  // changes when there may be a seat, or at the end
  alignas(64) std::atomic<int64_t> helped_ = 0;  // pieces
  std::atomic<bool> end_ = false;
  const std::function<Share()>* body_ = nullptr;  // valid while somebody is inside
  HelperLimit limit_;
  std::vector<std::thread> threads_;
};

}  // namespace latent
