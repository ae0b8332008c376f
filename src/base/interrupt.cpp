#include "src/base/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace latent {

namespace {

volatile std::sig_atomic_t g_signal = 0;
std::atomic<int> g_guards = 0;

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

void on_signal(int signal) {
  if (g_signal != 0) {
    // The last checkpoint stands; what came after it is gone.
    constexpr char kText[] = "latent: stopped at once; nothing since the last checkpoint is kept\n";
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, kText, sizeof kText - 1);
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
