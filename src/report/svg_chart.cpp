#include "src/report/svg_chart.h"

#include <algorithm>
#include <cmath>

#include "src/report/chart_layout.h"
#include "src/report/markup.h"
#include "src/report/svg_marks.h"

namespace latent {

namespace {

std::string px(double value) { return position_text(value); }

std::string text_at(const char* kind, double x, double y, const std::string& text) {
  return "<text class=\"" + std::string(kind) + "\" x=\"" + px(x) + "\" y=\"" + px(y) + "\">" +
         html_text(text) + "</text>";
}

std::string rule(const char* kind, double x1, double y1, double x2, double y2) {
  return "<path class=\"" + std::string(kind) + "\" d=\"M" + px(x1) + " " + px(y1) + "L" + px(x2) +
         " " + px(y2) + "\"/>";
}

std::string axes(const Chart& chart, const ChartLayout& layout) {
  std::string out;
  for (const Tick& tick : layout.y_ticks) {
    const double y = layout.bottom - tick.at * (layout.bottom - layout.top);
    out += rule("rule", layout.left, y, layout.right, y) +
           text_at("tick y", layout.left - 5, y + 4, tick.label);
  }
  for (const Tick& tick : layout.x_ticks) {
    const double x = layout.left + tick.at * (layout.right - layout.left);
    out += rule("axis", x, layout.bottom, x, layout.bottom + 4) +
           text_at("tick x", x, layout.bottom + 4 + 1.1 * ChartLayout::kFont, tick.label);
  }
  out += rule("axis", layout.left, layout.bottom, layout.right, layout.bottom);
  out += text_at("label", 0, layout.top - 0.9 * ChartLayout::kFont, chart.y.label);
  // Under the middle of the plot, or where it fits.
  const double half = text_width(chart.x.label) * ChartLayout::kFont / 2;
  const double centre = ChartLayout::kWidth / 2;
  const double middle = std::clamp((layout.left + layout.right) / 2, std::min(half, centre),
                                   std::max(ChartLayout::kWidth - half, centre));
  return out + text_at("label x", middle, layout.bottom + 2.9 * ChartLayout::kFont, chart.x.label);
}

std::string legend(const Chart& chart, const ChartLayout& layout) {
  const std::vector<int> styles = series_styles(chart);
  std::string out;
  for (const LegendEntry& entry : layout.legend) {
    const int style = styles[entry.series];
    const double y = entry.y - 4, from = entry.x - 6 - ChartLayout::kSwatch;
    if (chart.series[entry.series].kind == Series::Kind::kLine)
      out += "<path class=\"line " + style_class(style) + "\" d=\"M" + px(from) + " " + px(y) +
             "h" + px(ChartLayout::kSwatch) + "\"/>";
    out += svg_marker(style, from + ChartLayout::kSwatch / 2, y) +
           text_at("legend", entry.x, entry.y, entry.text);
  }
  return out;
}

std::string range_text(const std::vector<double>& values) {
  double least = INFINITY, greatest = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  return least > greatest ? "no values" : figure_text(least) + " to " + figure_text(greatest);
}

}  // namespace

std::string chart_description(const Chart& chart) {
  std::string out = "Across: " + chart.x.label + ". Up: " + chart.y.label + ".";
  for (const Series& series : chart.series) {
    std::vector<double> values;
    for (const ChartPoint& point : series.points) values.push_back(point.y);
    out +=
        " " + series.name + ": " + std::to_string(values.size()) + " points, " + range_text(values);
    for (const ChartPoint& point : series.points) {
      if (point.marked) out += ", best " + figure_text(point.y) + " at " + figure_text(point.x);
    }
    out += ".";
  }
  for (const Box& box : chart.boxes)
    out += " At " + figure_text(box.x) + ": median " + figure_text(box.median) + ".";
  return out;
}

std::string chart_svg(const Chart& chart, const std::string& id) {
  const ChartLayout layout(chart);
  return "<svg role=\"img\" aria-label=\"" + html_text(chart.title) + "\" aria-describedby=\"" +
         id + "-d\" viewBox=\"0 0 " + px(ChartLayout::kWidth) + " " + px(layout.height()) +
         "\"><title>" + html_text(chart.title) + "</title><desc id=\"" + id + "-d\">" +
         html_text(chart_description(chart)) + "</desc>" + legend(chart, layout) +
         axes(chart, layout) + svg_marks(chart, layout) + "</svg>\n";
}

}  // namespace latent
