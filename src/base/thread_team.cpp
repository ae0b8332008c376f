#include "src/base/thread_team.h"

#include <time.h>

#include <algorithm>
#include <system_error>

namespace latent {

namespace {
thread_local bool in_region = false;

/// That this thread has had so far.
Clock::duration processor_time() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}
}  // namespace

int HelperLimit::allowed(int wanted, Clock::time_point now) {
  if (!limited_ || wanted <= limit_) return wanted;
  if (now >= retry_) {
    ++limit_;
    balance_ = kTrialCredit;
    retry_ = now + pause_;
  }
  return std::min(wanted, limit_);
}

void HelperLimit::judge(const Region& r, Clock::time_point now) {
  if (r.helpers == 0 || r.own == 0) return;
  // Pieces end when they end: waiting for one or two is no sign of anything.
  const Clock::duration piece = r.working / r.own;
  const Clock::duration time =
      r.taken + std::max(Clock::duration{}, r.at_the_end - 2 * piece - kSpin);
  const Clock::duration with_one_less = (r.own + r.helped) * piece / r.helpers;
  balance_ = std::min<Clock::duration>(kMostCredit, balance_ + with_one_less - time);
  if (balance_ < Clock::duration{}) {
    limited_ = true;
    limit_ = r.helpers - 1;
    balance_ = kTrialCredit;
    retry_ = now + pause_;
    pause_ = std::min<Clock::duration>(2 * pause_, kLongestPause);
  } else if (balance_ == kMostCredit) {
    pause_ = kShortestPause;
  }
}

ThreadTeam& ThreadTeam::of_this_thread() {
  static thread_local ThreadTeam team;
  return team;
}

bool ThreadTeam::busy() { return in_region; }

ThreadTeam::~ThreadTeam() {
  end_ = true;
  ++calls_;
  calls_.notify_all();
  for (std::thread& t : threads_) t.join();
}

void ThreadTeam::start(int helpers) {
  try {
    while (static_cast<int>(threads_.size()) < helpers)
      threads_.emplace_back([this] { help(); });
  } catch (const std::system_error&) {
    // The system allows no more threads: those that there are do the work.
  }
}

void ThreadTeam::run(int helpers, const std::function<Share()>& body) {
  const auto begin = Clock::now();
  const auto worked = helpers > 0 ? processor_time() : Clock::duration{};
  helpers = std::min<int>(limit_.allowed(helpers, begin), kInside);
  start(helpers);
  helpers = std::min(helpers, static_cast<int>(threads_.size()));
  in_region = true;
  if (helpers > 0) {
    body_ = &body;
    helped_.store(0, std::memory_order_relaxed);
    gate_.store(helpers * kSeat);
    ++calls_;
    if (helpers == static_cast<int>(threads_.size())) {
      calls_.notify_all();
    } else {
      for (int n = 0; n < helpers; ++n) calls_.notify_one();
    }
  }
  const Share own = body();
  if (helpers > 0) {
    const auto done = Clock::now();
    const auto working = processor_time() - worked - own.spun;
    const uint32_t inside = gate_.fetch_and(kInside) & kInside;  // nobody else may enter
    if (inside > 0) wait_until(gate_, [](uint32_t gate) { return gate == 0; });
    const auto end = Clock::now();
    limit_.judge({helpers, own.pieces, helped_.load(std::memory_order_relaxed), working,
                  done - begin, end - done},
                 end);
  }
  in_region = false;
}

void ThreadTeam::help() {
  in_region = true;
  while (!end_) {
    const uint32_t call = calls_.load();
    uint32_t gate = gate_.load();
    while (gate >= kSeat && !gate_.compare_exchange_weak(gate, gate - kSeat + 1)) {
    }
    if (gate >= kSeat) {
      helped_.fetch_add((*body_)().pieces, std::memory_order_relaxed);
      gate_.fetch_and(kInside);  // there is no more work for others either
      if (gate_.fetch_sub(1) == 1) gate_.notify_one();
      continue;
    }
    wait_until(calls_, [&](uint32_t now) { return now != call; });
  }
}

}  // namespace latent
