// How threads wait for each other: they look for a moment, then sleep.
#pragma once

#include <atomic>
#include <chrono>

namespace latent {

using Clock = std::chrono::steady_clock;

/// Tells the processor that this is a loop that only looks.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// As long as going to sleep and waking up may cost: a shorter wait is better spent looking, a
/// longer one would take a core from somebody who has work.
constexpr std::chrono::microseconds kSpin{20};

/// Looks at done() until it holds, for kSpin at most; returns what it said last.
template <typename Done>
bool spin_until(const Done& done) {
  constexpr int kLooksPerClock = 16;
  for (const auto until = Clock::now() + kSpin; Clock::now() < until;) {
    for (int n = 0; n < kLooksPerClock; ++n) {
      if (done()) return true;
      relax();
    }
  }
  return done();
}

/// Returns when done(word's value) holds. Whoever changes the word must do so by a sequentially
/// consistent operation and then notify: libstdc++ looks for sleepers by a plain load.
template <typename Word, typename Done>
void wait_until(const std::atomic<Word>& word, const Done& done) {
  if (spin_until([&] { return done(word.load()); })) return;
  for (Word now; !done(now = word.load());) word.wait(now);
}

}  // namespace latent
