#include "src/report/svg_chart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "src/report/chart_layout.h"
#include "src/report/markup.h"

namespace latent {
namespace {

Chart line_chart(size_t series, size_t points) {
  Chart chart{.title = "Curves",
              .caption = "",
              .x = {.label = "step"},
              .y = {.label = "loss"},
              .table = {}};
  for (size_t s = 0; s < series; ++s) {
    Series line{.name = "runs/a run with a longish name " + std::to_string(s), .points = {}};
    for (size_t n = 0; n < points; ++n) {
      const auto at = static_cast<double>(n);
      line.points.push_back(
          {at * 1000, 1 / (at + 1) + static_cast<double>(s), "", n + 1 == points});
    }
    chart.series.push_back(line);
  }
  return chart;
}

struct Text {
  std::string kind, text;
  double x, y, left, right;
};

/// The texts of a drawing, and where they end by the estimate of their widths.
std::vector<Text> texts_of(const std::string& svg) {
  static const std::regex pattern(
      "<text class=\"([^\"]*)\" x=\"([^\"]*)\" y=\"([^\"]*)\">([^<]*)<");
  std::vector<Text> out;
  for (std::sregex_iterator at(svg.begin(), svg.end(), pattern), end; at != end; ++at) {
    Text text{(*at)[1], (*at)[4], std::stod((*at)[2]), std::stod((*at)[3]), 0, 0};
    const double size = text.kind == "point" ? 10.5 : ChartLayout::kFont;
    const double width = text_width(text.text) * size;
    const bool middle = text.kind.ends_with(" x"), end_anchor = text.kind.ends_with(" y");
    text.left = text.x - (middle ? width / 2 : end_anchor ? width : 0);
    text.right = text.left + width;
    out.push_back(text);
  }
  return out;
}

/// Every number of the drawing is one, and every text lies in it.
void expect_sound(const Chart& chart) {
  const std::string svg = chart_svg(chart, "c");
  const std::string drawing = svg.substr(svg.find("</desc>"));
  EXPECT_FALSE(std::regex_search(drawing, std::regex("\"[^\"]*(nan|inf)[^\"]*\""))) << drawing;
  std::smatch box;
  ASSERT_TRUE(std::regex_search(svg, box, std::regex("viewBox=\"0 0 ([0-9.]+) ([0-9.]+)\"")));
  const double width = std::stod(box[1]), height = std::stod(box[2]);
  for (const Text& text : texts_of(svg)) {
    EXPECT_GE(text.left, 0) << text.text;
    EXPECT_LE(text.right, width) << text.text;
    EXPECT_GE(text.y - ChartLayout::kFont, 0) << text.text;
    EXPECT_LE(text.y, height) << text.text;
  }
}

TEST(SvgChart, KeepsItsTextsWithinTheDrawing) {
  for (const size_t series : {1u, 2u, 8u, 9u}) {
    for (const size_t points : {1u, 2u, 400u}) expect_sound(line_chart(series, points));
  }
}

TEST(SvgChart, IsSoundWithoutValuesAndWithValuesThatAreNoNumbers) {
  expect_sound(line_chart(0, 0));
  expect_sound(line_chart(2, 0));
  Chart chart = line_chart(2, 5);
  chart.series[0].points[1].y = NAN;
  chart.series[0].points[2].y = INFINITY;
  chart.series[1].points[0].x = -INFINITY;
  expect_sound(chart);
  chart.y.kind = chart.x.kind = Axis::Kind::kLog;  // some are 0
  expect_sound(chart);
}

TEST(SvgChart, HasARoleANameADescriptionAndBothLabels) {
  const std::string svg = chart_svg(line_chart(2, 5), "c7");
  EXPECT_NE(svg.find("<svg role=\"img\" aria-label=\"Curves\" aria-describedby=\"c7-d\""),
            std::string::npos);
  EXPECT_NE(svg.find("<title>Curves</title><desc id=\"c7-d\">Across: step. Up: loss. "),
            std::string::npos);
  size_t labels = 0;
  for (const Text& text : texts_of(svg)) labels += text.kind == "label" || text.kind == "label x";
  EXPECT_EQ(labels, 2u);
}

TEST(SvgChart, TellsSeriesApartByMarkersToo) {
  const std::string svg = chart_svg(line_chart(5, 4), "c");
  for (const char* element : {"<circle", "<rect", "<polygon"})
    EXPECT_NE(svg.find(element), std::string::npos) << element;
  for (const int style : {0, 1, 2, 3, 4})
    EXPECT_NE(svg.find("line s" + std::to_string(style)), std::string::npos);
}

TEST(SvgChart, EscapesNamesAndNotes) {
  Chart chart = line_chart(2, 3);
  chart.title = chart.series[0].name = chart.series[0].points[0].note = "<script>\"x\"&";
  chart.x.label = chart.y.label = "<b>";
  chart.labels = {{1000, 0.5, "<i>"}};
  const std::string svg = chart_svg(chart, "c");
  for (const char* bad : {"<script", "<b>", "<i>", "\"x\""})
    EXPECT_EQ(svg.find(bad), std::string::npos) << bad;
  EXPECT_NE(svg.find("&lt;script&gt;"), std::string::npos);
}

TEST(SvgChart, DrawsBoxesFromQuarterToQuarter) {
  Chart chart{.title = "t",
              .caption = "",
              .x = {.label = "true"},
              .y = {.label = "predicted"},
              .boxes = {{1, 0.5, 1, 1.5, 2, 3}, {2, 1, 2, 3, 4, 5}},
              .diagonal = true,
              .table = {}};
  chart.x.lowest = chart.y.lowest = 0;
  chart.x.highest = chart.y.highest = 5;
  expect_sound(chart);
  const std::string svg = chart_svg(chart, "c");
  const ChartLayout layout(chart);
  EXPECT_NE(svg.find("y=\"" + position_text(layout.y_of(2)) + "\" width"), std::string::npos);
  EXPECT_NE(svg.find("class=\"diagonal\""), std::string::npos);
  EXPECT_NE(svg.find("median 3, middle half 2 to 4"), std::string::npos);
}

TEST(SvgChart, LeavesOutLabelsThatWouldTouchOthers) {
  Chart chart = line_chart(1, 10);
  for (int n = 0; n < 30; ++n) chart.labels.push_back({4000, 0.4, "one and the same place"});
  expect_sound(chart);
  size_t labels = 0;
  for (const Text& text : texts_of(chart_svg(chart, "c"))) labels += text.kind == "point";
  EXPECT_GE(labels, 1u);
  EXPECT_LE(labels, 4u);
}

TEST(SvgChart, MarksTheBestOfASeriesAndSaysSo) {
  const Chart chart = line_chart(1, 4);
  EXPECT_NE(chart_svg(chart, "c").find("class=\"best s0\""), std::string::npos);
  EXPECT_NE(chart_description(chart).find("best 0.2500 at 3,000"), std::string::npos);
}

}  // namespace
}  // namespace latent
