// Where the parts of a chart lie in its drawing.
#pragma once

#include <string>
#include <vector>

#include "src/report/chart.h"
#include "src/report/chart_scale.h"

namespace latent {

/// An entry of the legend; its line and marker lie left of the text.
struct LegendEntry {
  size_t series;
  double x, y;  ///< of the text's beginning, on its base line
  std::string text;
};

/// Sizes in units of the drawing, which is kWidth of them wide and scales to any width.
class ChartLayout {
 public:
  explicit ChartLayout(const Chart& chart);

  static constexpr double kWidth = 400;
  static constexpr double kFont = 12.5;
  static constexpr double kSwatch = 30;  ///< the line and marker of an entry of the legend

  double height() const { return bottom + below_; }
  double x_of(double value) const { return left + x.place(value) * (right - left); }
  double y_of(double value) const { return bottom - y.place(value) * (bottom - top); }

  ChartScale x, y;
  std::vector<Tick> x_ticks, y_ticks;
  std::vector<LegendEntry> legend;
  double left, right, top, bottom;  ///< of the plot itself

 private:
  void place_legend(const Chart& chart);

  double below_ = 0;
};

/// 0, 1, ...: the style of each series; -1: a baseline.
std::vector<int> series_styles(const Chart& chart);

}  // namespace latent
