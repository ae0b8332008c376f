#include "src/config/sweep_axis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "src/base/error.h"

namespace latent {
namespace {

using nlohmann::json;

SweepAxis axis(const std::string& knob, const std::string& values) {
  return read_axis(knob, json::parse(values));
}

std::string complaint(const std::string& knob, const std::string& values) {
  try {
    axis(knob, values);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

std::vector<json> draws(const SweepAxis& axis, int count) {
  std::vector<json> out;
  for (int n = 0; n < count; ++n) out.push_back(drawn_value(axis, Rng(1).stream("draw", n)));
  return out;
}

TEST(SweepAxis, OfAListHasItsValuesInOrderAndOnce) {
  EXPECT_EQ(json(grid_values(axis("model.factors", "[16, 8, 8.0, 4]"))), json({16, 8, 4}));
  EXPECT_EQ(json(grid_values(axis("model.name", R"(["svd", "bpr"])"))), json({"svd", "bpr"}));
}

TEST(SweepAxis, OfPowersOfTwoHasThoseWithinTheRange) {
  EXPECT_EQ(json(grid_values(axis("model.factors", R"({"pow2": [8, 128]})"))),
            json({8, 16, 32, 64, 128}));
  EXPECT_EQ(json(grid_values(axis("model.factors", R"({"pow2": [5, 40]})"))), json({8, 16, 32}));
  EXPECT_EQ(json(grid_values(axis("train.lr", R"({"pow2": [0.25, 1]})"))), json({0.25, 0.5, 1.0}));
}

TEST(SweepAxis, HasEvenlySpacedPointsFromOneEndToTheOther) {
  EXPECT_EQ(json(grid_values(axis("train.lambda", R"({"linear": [0, 0.1], "points": 3})"))),
            json({0.0, 0.05, 0.1}));
  EXPECT_EQ(json(grid_values(axis("train.lr", R"({"log": [1e-3, 1e-1], "points": 3})"))),
            json({0.001, 0.01, 0.1}));
  // A whole number has no more points than there are numbers.
  EXPECT_EQ(json(grid_values(axis("model.factors", R"({"linear": [1, 3], "points": 9})"))),
            json({1, 2, 3}));
}

TEST(SweepAxis, DrawsOnlyWhatLiesWithinAndReachesBothEndsOfWholeNumbers) {
  const SweepAxis whole = axis("model.factors", R"({"linear": [2, 4]})");
  std::set<int64_t> met;
  for (const json& value : draws(whole, 200)) {
    ASSERT_TRUE(value.is_number_integer());
    met.insert(value.get<int64_t>());
  }
  EXPECT_EQ(met, (std::set<int64_t>{2, 3, 4}));
  const SweepAxis rate = axis("train.lr", R"({"log": [0.001, 0.1]})");
  int below = 0;
  for (const json& value : draws(rate, 2000)) {
    EXPECT_GE(value.get<double>(), 0.001);
    EXPECT_LE(value.get<double>(), 0.1);
    below += value.get<double>() < 0.01;
  }
  EXPECT_NEAR(below, 1000, 100);  // the middle of the logarithm; 4.5 standard deviations
}

TEST(SweepAxis, DrawsTheSameValueFromTheSameStream) {
  for (const char* values : {"[1, 2, 3]", R"({"log": [1, 900]})", R"({"pow2": [1, 64]})"}) {
    const SweepAxis one = axis("model.factors", values);
    EXPECT_EQ(draws(one, 20), draws(one, 20));
  }
}

TEST(SweepAxis, DrawnNumbersHaveFourDigitsSoThatATableCanShowThem) {
  for (const json& value : draws(axis("train.lr", R"({"log": [0.001, 0.1]})"), 50)) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value.get<double>());
    EXPECT_EQ(std::stod(text), value.get<double>());
  }
}

TEST(SweepAxis, RefusesWhatIsNoRangeOfTheKnob) {
  EXPECT_EQ(complaint("train.rate", "[1]"),
            "sweep.over: unknown knob 'train.rate'; did you mean 'train.rows'?");
  EXPECT_EQ(complaint("model.lr", "[1]"),
            "sweep.over: unknown knob 'model.lr'; did you mean 'train.lr'?");
  EXPECT_EQ(complaint("train.lr", "[]"),
            "sweep.over: 'train.lr' has an empty list; give the values to try");
  EXPECT_EQ(complaint("train.lr", R"({"log": [0.1, 0.01]})"),
            "sweep.over: 'train.lr' has an empty range, [0.1,0.01]; give the lower end first");
  EXPECT_EQ(complaint("model.factors", R"({"pow2": [9, 15]})"),
            "sweep.over: 'model.factors' has an empty range: no power of 2 lies in it");
  EXPECT_EQ(complaint("train.lr", "[0.1, -1]"), "sweep.over: 'train.lr' must be above 0.0, not -1");
  EXPECT_EQ(complaint("train.lr", R"({"linear": [0, 1]})"),
            "sweep.over: 'train.lr' must be above 0.0, not 0");
  EXPECT_EQ(complaint("train.lambda", R"({"log": [0, 1]})"),
            "sweep.over: 'train.lambda' needs a range above 0 for log, not [0,1]");
  EXPECT_EQ(complaint("train.lr", R"({"log": [0.1]})"),
            "sweep.over: 'train.lr' needs two numbers, as {\"log\": [low, high]}");
  EXPECT_EQ(complaint("model.name", R"({"log": [1, 2]})"),
            "sweep.over: 'model.name' is no number, so it has no range; give a list of values");
  EXPECT_EQ(complaint("train.lr", R"({"log": [0.1, 1], "points": 1})"),
            "sweep.over: 'train.lr' needs \"points\" from 2 to 10000, not 1");
  EXPECT_EQ(complaint("model.factors", R"({"pow2": [1, 8], "points": 2})"),
            "sweep.over: 'model.factors' takes no \"points\": a grid has each power of 2");
  for (const char* none : {"0.1", R"({"logarithm": [1, 2]})", R"({"log": [1, 2], "pow2": [1, 2]})"})
    EXPECT_NE(complaint("train.lr", none).find("needs a list of values, or one of"),
              std::string::npos);
}

TEST(SweepAxis, RefusesKnobsThatMakeTrialsIncomparableOrChangeNothing) {
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"data.min_user", "[1, 2]"},       {"data.path", R"(["a", "b"])"},
      {"split.seed", "[0, 1]"},          {"split.test", "[0.1, 0.2]"},
      {"eval.mask", R"(["train"])"},     {"train.rows", R"(["all"])"},
      {"train.seed", "[0, 1]"},          {"train.refit", "[true]"},
      {"train.threads", "[1, 2]"},       {"checkpoint.every", "[1]"},
      {"export.fit", R"(["tested"])"},
  };
  for (const auto& [knob, values] : refused)
    EXPECT_TRUE(complaint(knob, values).starts_with("sweep.over: '" + knob + "' ")) << knob;
  EXPECT_EQ(complaint("data.weight", R"(["none", "bm25"])"), "");
}

}  // namespace
}  // namespace latent
