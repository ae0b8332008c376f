// What the server has done so far, for Prometheus.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace latent {

class Counters {
 public:
  /// A request of `route` was answered.
  void add(const std::string& route, int status, double seconds);

  /// In the text format of Prometheus, with the models served and refused.
  std::string text(int64_t loads, int64_t refusals) const;

 private:
  static constexpr std::array kBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                         0.05,   0.1,   0.25,   0.5,   1.0};
  struct Row {
    std::map<int, int64_t> by_status;
    std::array<int64_t, kBounds.size() + 1> by_time = {};  // below each bound, and above all
    double seconds = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Row> rows_;
};

}  // namespace latent
