// Messages and progress, on stderr: results alone go to stdout.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace latent {

/// One line on stderr.
void say(const std::string& text);

/// "1.5 s", "2 min 03 s", "1 h 02 min".
std::string duration_text(double seconds);
/// "12.3 M", "4.5 k", "321".
std::string count_text(double n);

/// A bar redrawn in place on a terminal; plain lines, ten at most, on a pipe.
class Progress {
 public:
  /// `total` in `unit`s, 0 when unknown; `unit` is "bytes", "steps", ...
  Progress(std::string what, int64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` units so far; `note` is appended ("objective 0.51").
  void update(int64_t done, const std::string& note = "");
  /// True when update() would print now: lets the caller skip making a costly note.
  bool due(int64_t done) const;

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_, unit_;
  int64_t total_;
  bool terminal_, drawn_ = false;
  int64_t next_line_ = 0;
  int width_ = 80;
  Clock::time_point start_, last_;
};

/// Columns of the terminal at stderr, or 80 for a pipe.
int terminal_width();
/// stderr is a terminal and NO_COLOR is not set.
bool wants_colour();

}  // namespace latent
