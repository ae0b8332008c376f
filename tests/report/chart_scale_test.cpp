#include "src/report/chart_scale.h"

#include <gtest/gtest.h>

#include <cmath>

#include "src/report/markup.h"

namespace latent {
namespace {

std::vector<std::string> labels_of(const std::vector<Tick>& ticks) {
  std::vector<std::string> out;
  for (const Tick& tick : ticks) out.push_back(tick.label);
  return out;
}

using Labels = std::vector<std::string>;

TEST(ChartScale, PutsTicksAtRoundNumbers) {
  const ChartScale scale({.label = "x"}, {0, 100});
  EXPECT_EQ(labels_of(scale.ticks(30, false)),
            (Labels{"0", "10", "20", "30", "40", "50", "60", "70", "80", "90", "100"}));
  EXPECT_EQ(labels_of(scale.ticks(8, false)), (Labels{"0", "50", "100"}));
}

TEST(ChartScale, WritesAsManyDecimalsAsTicksNeed) {
  EXPECT_EQ(labels_of(ChartScale({.label = "x"}, {0.9, 0.95}).ticks(20, true)),
            (Labels{"0.90", "0.91", "0.92", "0.93", "0.94", "0.95"}));
  EXPECT_EQ(labels_of(ChartScale({.label = "x"}, {0, 50'000}).ticks(20, true)),
            (Labels{"0", "10k", "20k", "30k", "40k", "50k"}));
}

TEST(ChartScale, HasPowersOfTenOnALogarithmicAxis) {
  const Axis axis{.label = "lr", .kind = Axis::Kind::kLog};
  EXPECT_EQ(labels_of(ChartScale(axis, {0.0001, 1}).ticks(24, false)),
            (Labels{"0.0001", "0.001", "0.01", "0.1", "1"}));
  const ChartScale scale(axis, {0.01, 1});
  EXPECT_NEAR(scale.place(0.1), 0.5, 1e-12) << "half-way, as a ratio";
}

TEST(ChartScale, HasAPlaceForZeroBeforeTheLeastCount) {
  const Axis axis{.label = "rows", .kind = Axis::Kind::kLogWithZero};
  const ChartScale scale(axis, {0, 1, 1000});
  EXPECT_GT(scale.place(0), 0);
  EXPECT_LT(scale.place(0), scale.place(1));
  EXPECT_EQ(scale.ticks(30, false).front().label, "0");
  EXPECT_EQ(ChartScale(axis, {1, 1000}).ticks(30, false).front().label, "1");
}

TEST(ChartScale, NamesCategoriesInTheirOrder) {
  const Axis axis{.label = "model", .kind = Axis::Kind::kCategories, .categories = {"svd", "als"}};
  const ChartScale scale(axis, {0, 1, 1});
  EXPECT_EQ(labels_of(scale.ticks(30, false)), (Labels{"svd", "als"}));
  EXPECT_EQ(scale.place(0), 0.25);
  EXPECT_EQ(scale.place(1), 0.75);
}

TEST(ChartScale, ThinsGivenTicksThatWouldTouch) {
  const Axis axis{.label = "factors", .kind = Axis::Kind::kLog, .ticks = {8, 16, 32, 64, 128}};
  EXPECT_EQ(ChartScale(axis, {8, 128}).ticks(30, false).size(), 5u);
  const auto few = ChartScale(axis, {8, 128}).ticks(5, false);
  EXPECT_LT(few.size(), 5u);
  EXPECT_EQ(few.front().label, "8");
}

TEST(ChartScale, DrawsValuesBeyondAGivenEndAtIt) {
  const ChartScale scale({.label = "mse", .highest = 2.0}, {1, 2, 50});
  EXPECT_TRUE(scale.is_beyond(50));
  EXPECT_FALSE(scale.is_beyond(2));
  EXPECT_EQ(scale.place(50), 1);
}

TEST(ChartScale, LeavesRoomForASingleValueAndForNone) {
  for (const double value : {0.0, 5.0, -3.0, 1e9, 1e-9}) {
    const ChartScale scale({.label = "x"}, {value});
    EXPECT_NEAR(scale.place(value), 0.5, 1e-6) << value;
  }
  const ChartScale none({.label = "x"}, {NAN, INFINITY});
  EXPECT_FALSE(none.shows(NAN));
  EXPECT_TRUE(std::isfinite(none.place(0)));
}

TEST(ChartScale, NeverLetsLabelsTouch) {
  for (const auto kind : {Axis::Kind::kLinear, Axis::Kind::kLog, Axis::Kind::kLogWithZero}) {
    for (const double low : {0.0001, 0.37, 12.0, 9990.0}) {
      for (const double factor : {1.001, 1.7, 30.0, 1e5}) {
        for (const double room : {6.0, 15.0, 32.0}) {
          const auto ticks =
              ChartScale({.label = "x", .kind = kind}, {low, low * factor}).ticks(room, false);
          for (size_t n = 1; n < ticks.size(); ++n) {
            const double apart = (ticks[n].at - ticks[n - 1].at) * room;
            EXPECT_GE(apart, (text_width(ticks[n].label) + text_width(ticks[n - 1].label)) / 2)
                << ticks[n - 1].label << " and " << ticks[n].label;
          }
          for (const Tick& tick : ticks) {
            EXPECT_GE(tick.at, 0);
            EXPECT_LE(tick.at, 1);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace latent
