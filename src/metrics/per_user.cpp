#include "src/metrics/per_user.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace latent {

void UserErrors::add(int32_t user, float prediction, float rating) {
  const double r = rating, error = prediction - r;
  ++count_[user];
  squared_error_[user] += error * error;
  absolute_error_[user] += std::abs(error);
}

void UserErrors::copy_to(PerUserFigures& out) const {
  for (size_t u = 0; u < count_.size(); ++u) {
    if (count_[u] == 0) continue;
    out.user.push_back(static_cast<int32_t>(u));
    out.count.push_back(count_[u]);
    out.squared_error.push_back(squared_error_[u]);
    out.absolute_error.push_back(absolute_error_[u]);
  }
}

void add_rankings(UserRankings rankings, PerUserFigures& out) {
  if (out.user.empty()) {
    out.user = std::move(rankings.user);
    out.rankings = std::move(rankings.figures);
    return;
  }
  for (auto& [name, values] : rankings.figures) {
    std::vector<float> placed(out.user.size(), std::numeric_limits<float>::quiet_NaN());
    size_t at = 0;
    for (size_t n = 0; n < rankings.user.size(); ++n) {
      while (out.user[at] < rankings.user[n]) ++at;
      placed[at] = values[n];
    }
    out.rankings.emplace_back(name, std::move(placed));
  }
}

}  // namespace latent
