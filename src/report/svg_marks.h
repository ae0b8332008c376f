// The marks of a chart in SVG: lines, dots, boxes, labels.
#pragma once

#include <string>

#include "src/report/chart_layout.h"

namespace latent {

/// A marker of a style (series_styles()) around a place of the drawing. Beyond the eighth, styles
/// repeat. `inner`: what stands inside of its element, such as a title; `extra`: further classes.
std::string svg_marker(int style, double x, double y, const std::string& inner = "",
                       const std::string& extra = "");

/// The class of a style: "s0" to "s7", "base" for -1.
std::string style_class(int style);

/// Everything within the plot.
std::string svg_marks(const Chart& chart, const ChartLayout& layout);

}  // namespace latent
