#include "src/server/counters.h"

#include <algorithm>
#include <cstdio>

namespace latent {

namespace {

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

}  // namespace

void Counters::add(const std::string& route, int status, double seconds) {
  const std::scoped_lock lock(mutex_);
  Row& row = rows_[route];
  ++row.by_status[status];
  ++row.by_time[static_cast<size_t>(std::ranges::lower_bound(kBounds, seconds) - kBounds.begin())];
  row.seconds += seconds;
}

std::string Counters::text(int64_t loads, int64_t refusals) const {
  const std::scoped_lock lock(mutex_);
  std::string out =
      "# HELP latent_requests_total Requests answered, by route and status.\n"
      "# TYPE latent_requests_total counter\n";
  for (const auto& [route, row] : rows_) {
    for (const auto& [status, count] : row.by_status)
      out += "latent_requests_total{route=\"" + route + "\",status=\"" + std::to_string(status) +
             "\"} " + std::to_string(count) + "\n";
  }
  out +=
      "# HELP latent_request_seconds Time from a request's last byte to its answer.\n"
      "# TYPE latent_request_seconds histogram\n";
  for (const auto& [route, row] : rows_) {
    const std::string label = "{route=\"" + route + "\"";
    int64_t below = 0;
    for (size_t n = 0; n < row.by_time.size(); ++n) {
      below += row.by_time[n];
      const std::string bound = n < kBounds.size() ? number(kBounds[n]) : "+Inf";
      out += "latent_request_seconds_bucket" + label + ",le=\"" + bound + "\"} " +
             std::to_string(below) + "\n";
    }
    out += "latent_request_seconds_sum" + label + "} " + number(row.seconds) + "\n";
    out += "latent_request_seconds_count" + label + "} " + std::to_string(below) + "\n";
  }
  out +=
      "# HELP latent_models_loaded_total Models served so far.\n"
      "# TYPE latent_models_loaded_total counter\n"
      "latent_models_loaded_total " + std::to_string(loads) + "\n"
      "# HELP latent_models_refused_total Files that could not take a model's place.\n"
      "# TYPE latent_models_refused_total counter\n"
      "latent_models_refused_total " + std::to_string(refusals) + "\n";
  return out;
}

}  // namespace latent
