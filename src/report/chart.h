// What a chart shows: axes, series, boxes. How it is drawn: svg_chart.h.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace latent {

/// One axis of a chart.
struct Axis {
  enum class Kind {
    kLinear,
    kLog,
    kLogWithZero,  ///< logarithmic, with a place of its own for 0 before the least positive value
    kCategories,   ///< value n stands for categories[n]
  };

  std::string label;  ///< what it measures, with its unit
  Kind kind = Kind::kLinear;
  std::vector<std::string> categories = {};
  /// The ends; where there is none, the least or greatest value. Values beyond an end are drawn at
  /// it, as triangles.
  std::optional<double> lowest = {}, highest = {};
  std::vector<double> ticks = {};  ///< empty: round numbers
};

struct ChartPoint {
  double x = 0, y = 0;
  std::string note = {};  ///< shown on hover and in the data table
  bool marked = false;    ///< drawn with a ring: the best of its series
};

struct Series {
  enum class Kind { kLine, kDots };

  std::string name;
  std::vector<ChartPoint> points;
  Kind kind = Kind::kLine;
  bool is_baseline = false;  ///< grey and dashed, outside the order of colours
};

/// The spread of values at x: from 5 % to 95 %, its middle half, its median.
struct Box {
  double x, low, first_quarter, median, third_quarter, high;
};

/// Rows of text under names of columns.
struct DataTable {
  std::string caption;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows = {};
  bool names_rows = true;  ///< the first column heads its row
  bool folded = false;     ///< shown when its summary, the caption, is opened
};

struct Chart {
  std::string title;
  std::string caption;  ///< a sentence or two on how to read it
  Axis x, y;
  std::vector<Series> series = {};
  std::vector<Box> boxes = {};
  bool diagonal = false;  ///< a line where y = x
  /// Texts at points of the drawing, the most important first; those without room are left out.
  std::vector<ChartPoint> labels = {};
  DataTable table;  ///< the same as numbers
};

}  // namespace latent
