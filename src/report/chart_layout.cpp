#include "src/report/chart_layout.h"

#include <algorithm>

#include "src/report/markup.h"

namespace latent {

namespace {

constexpr double kPlotHeight = 200;
constexpr size_t kLongestName = 44;  // characters of a series in the legend

std::vector<double> values_of(const Chart& chart, bool upright) {
  std::vector<double> out;
  for (const Series& series : chart.series) {
    for (const ChartPoint& point : series.points) out.push_back(upright ? point.y : point.x);
  }
  for (const Box& box : chart.boxes) {
    if (upright) {
      for (const double value : {box.low, box.median, box.high}) out.push_back(value);
    } else {
      out.push_back(box.x);
    }
  }
  return out;
}

}  // namespace

ChartLayout::ChartLayout(const Chart& chart)
    : x(chart.x, values_of(chart, false)), y(chart.y, values_of(chart, true)) {
  place_legend(chart);
  top += 2 * kFont;  // the label of the upright axis
  bottom = top + kPlotHeight;
  y_ticks = y.ticks(kPlotHeight / kFont, /*upright=*/true);
  double widest = 1;
  for (const Tick& tick : y_ticks) widest = std::max(widest, text_width(tick.label));
  left = widest * kFont + 10;
  right = kWidth - 16;
  x_ticks = x.ticks((right - left) / kFont, /*upright=*/false);
  if (!x_ticks.empty()) {
    const Tick& last = x_ticks.back();
    const double half = text_width(last.label) * kFont / 2;
    // As much room on the right as the label that may stand under the end of the axis.
    right = std::min(right, kWidth - 2 - half + (1 - last.at) * (right - left));
  }
  below_ = 3.4 * kFont;
}

void ChartLayout::place_legend(const Chart& chart) {
  top = 4;
  if (chart.series.size() < 2) return;
  double at = 0, line = top + kFont;
  for (size_t n = 0; n < chart.series.size(); ++n) {
    const std::string text = shortened(chart.series[n].name, kLongestName);
    const double width = kSwatch + 6 + text_width(text) * kFont + 14;
    if (at > 0 && at + width > kWidth) {
      at = 0;
      line += 1.5 * kFont;
    }
    legend.push_back({n, at + kSwatch + 6, line, text});
    at += width;
  }
  top = line + 0.6 * kFont;
}

std::vector<int> series_styles(const Chart& chart) {
  std::vector<int> out;
  int next = 0;
  for (const Series& series : chart.series) out.push_back(series.is_baseline ? -1 : next++);
  return out;
}

}  // namespace latent
