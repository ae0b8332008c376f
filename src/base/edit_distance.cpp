#include "src/base/edit_distance.h"

#include <algorithm>

namespace latent {

int edit_distance(const std::string& a, const std::string& b) {
  const int rows = static_cast<int>(a.size()) + 1, cols = static_cast<int>(b.size()) + 1;
  std::vector<std::vector<int>> d(rows, std::vector<int>(cols));
  for (int r = 0; r < rows; ++r) d[r][0] = r;
  for (int c = 0; c < cols; ++c) d[0][c] = c;
  for (int r = 1; r < rows; ++r) {
    for (int c = 1; c < cols; ++c) {
      const int swap = a[r - 1] == b[c - 1] ? 0 : 1;
      d[r][c] = std::min({d[r - 1][c] + 1, d[r][c - 1] + 1, d[r - 1][c - 1] + swap});
      if (r > 1 && c > 1 && a[r - 1] == b[c - 2] && a[r - 2] == b[c - 1]) {
        d[r][c] = std::min(d[r][c], d[r - 2][c - 2] + 1);
      }
    }
  }
  return d[rows - 1][cols - 1];
}

namespace {

std::string last_part(const std::string& name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known) {
  if (name.size() > 100) return "";
  std::string best;
  // Half the length allows for a whole word too many; beyond that a guess only confuses.
  int best_distance = std::max<int>(3, static_cast<int>(name.size()) / 2);
  for (const std::string& candidate : known) {
    int distance = edit_distance(name, candidate);
    // The right knob in the wrong section is the most common slip of all.
    if (last_part(name) == last_part(candidate)) distance = std::min(distance, 1);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

}  // namespace latent
