#include "src/base/log.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "src/base/one_of_many.h"

namespace latent {

namespace {

std::atomic<bool> others_speak = false;

constexpr auto kRedraw = std::chrono::milliseconds(200);

std::string format(const char* pattern, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, pattern, value);
  return buffer;
}

}  // namespace

void leave_speaking_to_others() { others_speak = true; }

void say(const std::string& text) {
  if (!others_speak) std::fprintf(stderr, "%s\n", text.c_str());
}

std::string duration_text(double seconds) {
  if (seconds < 60) return format("%.1f s", seconds);
  char buffer[64];
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) {
    std::snprintf(buffer, sizeof buffer, "%d min %02d s", int(whole / 60), int(whole % 60));
  } else {
    std::snprintf(buffer, sizeof buffer, "%d h %02d min", int(whole / 3600),
                  int(whole % 3600 / 60));
  }
  return buffer;
}

std::string count_text(double n) {
  if (n >= 1e9) return format("%.2f G", n / 1e9);
  if (n >= 1e6) return format("%.1f M", n / 1e6);
  if (n >= 1e4) return format("%.1f k", n / 1e3);
  return format("%.0f", n);
}

Progress::Progress(std::string what, int64_t total, std::string unit)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(::isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      last_(start_) {
  if (terminal_) width_ = terminal_width();
  next_line_ = std::max<int64_t>(1, total_ / 10);
}

Progress::~Progress() {
  if (drawn_) std::fprintf(stderr, "\r%*s\r", width_ - 1, "");
}

bool Progress::due(int64_t done) const {
  if (others_speak) return false;
  if (terminal_) return Clock::now() - last_ >= kRedraw;
  // On a pipe, short work says nothing: a second is the least that deserves a line.
  return total_ > 0 && done >= next_line_ && Clock::now() - start_ >= std::chrono::seconds(1);
}

void Progress::update(int64_t done, const std::string& note) {
  if (!due(done)) return;
  last_ = Clock::now();
  const double seconds = std::chrono::duration<double>(last_ - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line = what_ + " ";
  if (total_ > 0)
    line += format("%3.0f %%  ", 100.0 * static_cast<double>(done) / static_cast<double>(total_));
  line += count_text(static_cast<double>(done)) + " " + unit_ + ", " + count_text(rate) + "/s";
  if (total_ > 0 && rate > 0) {
    line += ", " + duration_text(static_cast<double>(total_ - done) / rate) + " left";
  }
  if (!note.empty()) line += ", " + note;
  if (terminal_) {
    if (static_cast<int>(line.size()) > width_ - 1) line.resize(width_ - 1);
    std::fprintf(stderr, "\r%-*s", width_ - 1, line.c_str());
    drawn_ = true;
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
    next_line_ =
        done - done % std::max<int64_t>(1, total_ / 10) + std::max<int64_t>(1, total_ / 10);
  }
}

int terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool wants_colour() {
  const char* no = std::getenv("NO_COLOR");
  return ::isatty(STDERR_FILENO) != 0 && (no == nullptr || *no == '\0');
}

}  // namespace latent
