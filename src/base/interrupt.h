// Ctrl-C, SIGTERM and the end of the terminal (SIGHUP) as a flag that loops look at between two
// steps.
#pragma once

namespace latent {

/// While it lives, SIGINT, SIGTERM and SIGHUP set a flag instead of ending the process; a second
/// signal ends it. Guards may be nested, in several threads too: the outermost one counts.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  /// The signal received, or 0.
  static int received();
};

}  // namespace latent
