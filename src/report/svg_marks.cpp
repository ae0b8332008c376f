#include "src/report/svg_marks.h"

#include <algorithm>
#include <cmath>

#include "src/report/markup.h"

namespace latent {

namespace {

constexpr int kStyles = 8;
constexpr size_t kMarkersOfLine = 14;  // more would hide the line
constexpr size_t kFewDots = 300;  // more are drawn smaller, so that they show how dense they lie

std::string at(double value) { return position_text(value); }

std::string title_of(const std::string& note) {
  return note.empty() ? "" : "<title>" + html_text(note) + "</title>";
}

/// Corners around (x, y), as offsets.
std::string polygon(double x, double y, std::initializer_list<std::pair<double, double>> corners) {
  std::string out;
  for (const auto& [dx, dy] : corners)
    out += (out.empty() ? "" : " ") + at(x + dx) + "," + at(y + dy);
  return out;
}

std::string shape(int style, double x, double y, double r) {
  const double s = r * 0.9, t = r * 1.25;
  switch (style % kStyles) {
    case 1:
      return "<rect x=\"" + at(x - s) + "\" y=\"" + at(y - s) + "\" width=\"" + at(2 * s) +
             "\" height=\"" + at(2 * s) + "\"";
    case 2:
      return "<polygon points=\"" + polygon(x, y, {{0, -t}, {t, r}, {-t, r}}) + "\"";
    case 3:
      return "<polygon points=\"" + polygon(x, y, {{0, -t}, {t, 0}, {0, t}, {-t, 0}}) + "\"";
    case 4:
      return "<polygon points=\"" + polygon(x, y, {{0, t}, {t, -r}, {-t, -r}}) + "\"";
    case 5:
      return "<path d=\"M" + at(x - s) + " " + at(y - s) + "L" + at(x + s) + " " + at(y + s) + "M" +
             at(x - s) + " " + at(y + s) + "L" + at(x + s) + " " + at(y - s) + "\"";
    case 6:
      return "<path d=\"M" + at(x - t) + " " + at(y) + "L" + at(x + t) + " " + at(y) + "M" + at(x) +
             " " + at(y - t) + "L" + at(x) + " " + at(y + t) + "\"";
    default:
      return "<circle cx=\"" + at(x) + "\" cy=\"" + at(y) + "\" r=\"" + at(r) + "\"";
  }
}

std::string beyond_marker(const ChartScale& scale, double value, double x, double y,
                          const std::string& kind, const std::string& inner) {
  const double up = scale.place(value) > 0.5 ? 1 : -1;
  return "<polygon points=\"" + polygon(x, y, {{0, -5 * up}, {5, 3 * up}, {-5, 3 * up}}) +
         "\" class=\"mark " + kind + "\">" + inner + "</polygon>";
}

std::string line_path(const Series& series, const ChartLayout& layout, const std::string& kind) {
  std::string path;
  bool pen = false;
  for (const ChartPoint& point : series.points) {
    if (!layout.x.shows(point.x) || !layout.y.shows(point.y)) {
      pen = false;
      continue;
    }
    path += (pen ? "L" : "M") + at(layout.x_of(point.x)) + " " + at(layout.y_of(point.y));
    pen = true;
  }
  return path.empty() ? "" : "<path class=\"line " + kind + "\" d=\"" + path + "\"/>";
}

std::string series_marks(const Series& series, int style, const ChartLayout& layout) {
  const std::string kind = style_class(style);
  const bool line = series.kind == Series::Kind::kLine;
  std::string out = line ? line_path(series, layout, kind) : "";
  const size_t stride = line ? (series.points.size() + kMarkersOfLine - 1) / kMarkersOfLine : 1;
  const std::string small = series.points.size() > kFewDots ? "small" : "";
  for (size_t n = 0; n < series.points.size(); ++n) {
    const ChartPoint& point = series.points[n];
    if (!layout.x.shows(point.x) || !layout.y.shows(point.y)) continue;
    const double x = layout.x_of(point.x), y = layout.y_of(point.y);
    const std::string title = title_of(point.note);
    if (layout.y.is_beyond(point.y)) {
      out += beyond_marker(layout.y, point.y, x, y, kind, title);
    } else if (n % stride == 0 || n + 1 == series.points.size() || point.marked) {
      out += svg_marker(style, x, y, title, small);
    }
    if (point.marked)
      out += "<circle class=\"best " + kind + "\" cx=\"" + at(x) + "\" cy=\"" + at(y) +
             "\" r=\"7.5\">" + title + "</circle>";
  }
  return out;
}

std::string line_between(const char* kind, double x1, double y1, double x2, double y2) {
  return "<path class=\"" + std::string(kind) + "\" d=\"M" + at(x1) + " " + at(y1) + "L" + at(x2) +
         " " + at(y2) + "\"/>";
}

std::string box_marks(const std::vector<Box>& boxes, const ChartLayout& layout) {
  std::vector<double> places;
  for (const Box& box : boxes) places.push_back(layout.x_of(box.x));
  double gap = 60;
  for (size_t n = 1; n < places.size(); ++n) gap = std::min(gap, places[n] - places[n - 1]);
  const double half = std::clamp(gap * 0.32, 2.0, 14.0);
  std::string out;
  for (size_t n = 0; n < boxes.size(); ++n) {
    const Box& box = boxes[n];
    const double x = places[n], top = layout.y_of(box.third_quarter);
    const double low = layout.y_of(box.low), high = layout.y_of(box.high);
    out += line_between("whisker", x, low, x, high) +
           line_between("whisker", x - half / 2, low, x + half / 2, low) +
           line_between("whisker", x - half / 2, high, x + half / 2, high);
    out += "<rect class=\"box\" x=\"" + at(x - half) + "\" y=\"" + at(top) + "\" width=\"" +
           at(2 * half) + "\" height=\"" + at(std::max(0.5, layout.y_of(box.first_quarter) - top)) +
           "\"><title>median " + figure_text(box.median) + ", middle half " +
           figure_text(box.first_quarter) + " to " + figure_text(box.third_quarter) +
           "</title></rect>";
    const double median = layout.y_of(box.median);
    out += line_between("median", x - half, median, x + half, median);
  }
  return out;
}

/// Labels that touch neither each other nor the plot's ends.
std::string label_marks(const std::vector<ChartPoint>& labels, const ChartLayout& layout) {
  struct Area {
    double left, top, right, bottom;
  };
  constexpr double kSize = 10.5;
  std::vector<Area> taken;
  std::string out;
  for (const ChartPoint& label : labels) {
    if (!layout.x.shows(label.x) || !layout.y.shows(label.y)) continue;
    const std::string text = shortened(label.note, 26);
    const double width = text_width(text) * kSize, x = layout.x_of(label.x),
                 y = layout.y_of(label.y);
    // Right of the dot, left of it, above, below.
    const double starts[][2] = {
        {x + 6, y + 4}, {x - 6 - width, y + 4}, {x - width / 2, y - 7}, {x - width / 2, y + 15}};
    for (const auto& [from, line] : starts) {
      const Area area{from - 2, line - kSize, from + width + 2, line + 3};
      const bool inside = area.left >= layout.left && area.right <= layout.right &&
                          area.top >= layout.top && area.bottom <= layout.bottom;
      const bool free = std::ranges::none_of(taken, [&](const Area& other) {
        return area.left < other.right && other.left < area.right && area.top < other.bottom &&
               other.top < area.bottom;
      });
      if (!inside || !free) continue;
      taken.push_back(area);
      out += "<text class=\"point\" x=\"" + at(from) + "\" y=\"" + at(line) + "\">" +
             html_text(text) + "</text>";
      break;
    }
  }
  return out;
}

}  // namespace

std::string style_class(int style) {
  return style < 0 ? "base" : "s" + std::to_string(style % kStyles);
}

std::string svg_marker(int style, double x, double y, const std::string& inner,
                       const std::string& extra) {
  if (style < 0 && inner.empty()) return "";
  const double size = extra == "small" ? 1.8 : 3.6;
  const std::string start = shape(std::max(0, style), x, y, style < 0 ? 2 : size);
  const std::string name = start.substr(1, start.find(' ') - 1);
  const std::string kind = "mark " + style_class(style) + (extra.empty() ? "" : " " + extra);
  return start + " class=\"" + kind + (inner.empty() ? "\"/>" : "\">" + inner + "</" + name + ">");
}

std::string svg_marks(const Chart& chart, const ChartLayout& layout) {
  std::string out;
  if (chart.diagonal) {
    const double low = std::max(chart.x.lowest.value_or(0), chart.y.lowest.value_or(0));
    const double high = std::min(chart.x.highest.value_or(0), chart.y.highest.value_or(0));
    if (low < high)
      out += line_between("diagonal", layout.x_of(low), layout.y_of(low), layout.x_of(high),
                          layout.y_of(high));
  }
  out += box_marks(chart.boxes, layout);
  const std::vector<int> styles = series_styles(chart);
  // The first series last, on top.
  for (size_t n = chart.series.size(); n-- > 0;)
    out += series_marks(chart.series[n], styles[n], layout);
  return out + label_marks(chart.labels, layout);
}

}  // namespace latent
