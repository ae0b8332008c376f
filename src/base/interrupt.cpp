#include "src/base/interrupt.h"

#include <atomic>
#include <csignal>

namespace latent {

namespace {

volatile std::sig_atomic_t g_signal = 0;
std::atomic<int> g_guards = 0;

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

void on_signal(int signal) {
  if (g_signal != 0) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  g_signal = signal;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  if (g_guards++ > 0) return;
  g_signal = 0;
  for (const int signal : kSignals) {
    // nohup has the terminal's end ignored: so it stays.
    if (std::signal(signal, on_signal) == SIG_IGN && signal == SIGHUP)
      std::signal(signal, SIG_IGN);
  }
}

InterruptGuard::~InterruptGuard() {
  if (--g_guards > 0) return;
  for (const int signal : kSignals) {
    if (std::signal(signal, SIG_DFL) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
}

int InterruptGuard::received() { return g_signal; }

}  // namespace latent
