#include "src/report/text_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace latent {

std::string text_plot(const std::vector<double>& values, int width, int height, bool colour) {
  constexpr int kMargin = 11;  // "1234567.89 |"
  const int columns =
      std::max(1, std::min<int>(width - kMargin - 1, static_cast<int>(values.size())));
  std::vector<double> means(columns, NAN);
  for (int c = 0; c < columns; ++c) {
    const size_t from = values.size() * c / columns, to = values.size() * (c + 1) / columns;
    double sum = 0;
    int count = 0;
    for (size_t n = from; n < to; ++n) {
      if (std::isfinite(values[n])) sum += values[n], ++count;
    }
    if (count > 0) means[c] = sum / count;
  }
  double low = INFINITY, high = -INFINITY;
  for (const double v : means) {
    if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
  }
  if (!std::isfinite(low)) return "";
  std::string out;
  for (int row = height - 1; row >= 0; --row) {
    char label[24] = "";
    if (row == height - 1) std::snprintf(label, sizeof label, "%.5g", high);
    if (row == 0) std::snprintf(label, sizeof label, "%.5g", low);
    char padded[24];
    std::snprintf(padded, sizeof padded, "%10s ", label);
    out += padded;
    std::string line;
    for (const double v : means) {
      const double level = high > low ? (v - low) / (high - low) * (height - 1) : 0;
      line += std::isfinite(v) && std::lround(level) == row ? '*' : ' ';
    }
    out += (colour ? "\033[36m" : "") + line.substr(0, line.find_last_not_of(' ') + 1) +
           (colour ? "\033[0m" : "") + "\n";
  }
  return out;
}

}  // namespace latent
