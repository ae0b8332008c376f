#include "src/config/knobs.h"

#include <set>

#include "tests/support.h"

namespace latent {
namespace {

using nlohmann::json;

/// What is wrong with `value` for the knob `name`; "" when it is taken.
std::string wrong(const std::string& name, const json& value) {
  RunConfig config;
  for (const Knob& knob : knobs(config)) {
    if (knob.name != name) continue;
    const json before = knob_value(knob);
    const std::string text = set_knob(knob, value);
    if (!text.empty()) {
      EXPECT_EQ(knob_value(knob), before) << name << " changed by a value that it refused";
    }
    return text;
  }
  ADD_FAILURE() << "no knob " << name;
  return "";
}

bool takes(const std::string& name, const json& value) { return wrong(name, value).empty(); }

TEST(Knobs, HaveAUniqueNameAHelpTextAndASection) {
  RunConfig config;
  std::set<std::string> names;
  for (const Knob& knob : knobs(config)) {
    EXPECT_TRUE(names.insert(knob.name).second) << knob.name << " twice";
    EXPECT_GE(knob.help.size(), 5u) << knob.name;
    EXPECT_NE(knob.name.find('.'), std::string::npos) << knob.name;
    EXPECT_EQ(knob.range.accepts == nullptr, knob.range.text.empty()) << knob.name;
  }
}

TEST(Knobs, PointAtTargetsOfTheirOwn) {
  RunConfig config;
  std::set<const void*> targets;
  for (const Knob& knob : knobs(config)) {
    const void* at = std::visit([](auto* target) -> const void* { return target; }, knob.target);
    EXPECT_TRUE(targets.insert(at).second) << knob.name;
  }
}

TEST(Knobs, AcceptTheirOwnDefaults) {
  RunConfig config;
  for (const Knob& knob : knobs(config))
    EXPECT_EQ(set_knob(knob, knob_value(knob)), "") << knob.name;
}

TEST(SetKnob, WholeNumbersAreNeitherCutNorGuessed) {
  EXPECT_EQ(wrong("model.factors", 2.7), "must be a whole number, not 2.7");
  EXPECT_EQ(wrong("model.factors", "2"), "must be a whole number, not \"2\"");
  EXPECT_EQ(wrong("model.factors", true), "must be a whole number, not true");
  EXPECT_EQ(wrong("model.factors", nullptr), "must be a whole number, not null");
  EXPECT_EQ(wrong("model.factors", json::array({2})), "must be a whole number, not [2]");
  EXPECT_EQ(wrong("model.factors", json(uint64_t{1} << 63)),
            "must be a whole number, not 9223372036854775808");
  EXPECT_TRUE(takes("train.batch_size", 1e6));
  EXPECT_FALSE(takes("train.batch_size", 1e300));
}

TEST(SetKnob, ChecksRangesAtTheirEdges) {
  EXPECT_FALSE(takes("model.factors", 0));
  EXPECT_TRUE(takes("model.factors", 1));
  EXPECT_TRUE(takes("split.seed", 2147483647));
  EXPECT_EQ(wrong("split.seed", 2147483648), "must be from 0 to 2147483647, not 2147483648");
  EXPECT_FALSE(takes("split.seed", -1));
  EXPECT_FALSE(takes("train.lr", 0));
  EXPECT_TRUE(takes("train.lr", 1e-300));
  EXPECT_TRUE(takes("train.lambda", 0));
  EXPECT_FALSE(takes("train.lambda", -1e-9));
  EXPECT_TRUE(takes("split.test", 0));
  EXPECT_FALSE(takes("split.test", 1));
  EXPECT_FALSE(takes("split.valid", -0.1));
}

TEST(SetKnob, ChecksTypesOfEveryOtherKind) {
  EXPECT_EQ(wrong("data.drop_zero", 1), "must be true or false, not 1");
  EXPECT_EQ(wrong("data.drop_zero", "true"), "must be true or false, not \"true\"");
  EXPECT_EQ(wrong("train.lr", "0.1"), "must be a number, not \"0.1\"");
  EXPECT_EQ(wrong("train.lr", nullptr), "must be a number, not null");
  EXPECT_EQ(wrong("data.path", 5), "must be a string, not 5");
  EXPECT_EQ(wrong("data.positive_at_least", "4"), "must be a number or null, not \"4\"");
  EXPECT_EQ(wrong("train.lambda_factors", -1), "must be at least 0.0, not -1");
  EXPECT_TRUE(takes("train.lambda_factors", nullptr));
  EXPECT_EQ(wrong("eval.k", json::array({1, 2.5})), "must be a list of whole numbers, not [1,2.5]");
  EXPECT_EQ(wrong("eval.k", json::array({0})), "must be a list of cut-offs of at least 1, not [0]");
  EXPECT_FALSE(takes("eval.k", json::array()));
  EXPECT_TRUE(takes("eval.k", 5));
  EXPECT_EQ(wrong("split.test_from", "soon"),
            "must be a date (2015-12-09), a time (2015-12-09T09:23:58Z) or seconds since 1970, not "
            "\"soon\"");
  for (const json& moment : {json("2015-12-09"), json("2015-12-09 09:23:58.5+01:00"), json(""),
                             json(978300760), json(978300760.5)})
    EXPECT_TRUE(takes("split.valid_from", moment)) << moment;
  EXPECT_EQ(wrong("split.folds", 1), "must be at least 2, not 1");
  EXPECT_EQ(wrong("split.kind", "Random"),
            "must be one of random by_row time per_user leave_one_out k_fold files, not \"Random\"");
}

TEST(SetKnob, TakesColumnsAsNumbersOrNames) {
  for (const char* role : {"data.user", "data.item", "data.rating", "data.time"}) {
    EXPECT_TRUE(takes(role, 0)) << role;
    EXPECT_TRUE(takes(role, "review/overall")) << role;
    EXPECT_FALSE(takes(role, -1)) << role;
    EXPECT_FALSE(takes(role, 1.5)) << role;
  }
  EXPECT_FALSE(takes("data.format", 0));
}

TEST(SetKnob, TakesListsOfTextAndObjectsOfNumbers) {
  RunConfig config;
  for (const Knob& knob : knobs(config)) {
    const auto set = [&](const std::string& text) {
      return set_knob(knob, parse_set_value(knob, text));
    };
    if (knob.name == "data.where") {
      EXPECT_EQ(set("kind=play|watch"), "");
      EXPECT_EQ(config.data.where, (std::vector<std::string>{"kind=play|watch"}));
      EXPECT_EQ(set(R"(["2=play", "3=x"])"), "");
      EXPECT_EQ(knob_value(knob), json({"2=play", "3=x"}));
      EXPECT_NE(set("=x"), "");
      EXPECT_NE(set("[1]"), "");
      EXPECT_EQ(set("null"), "");
      EXPECT_TRUE(config.data.where.empty() && knob_value(knob).is_null());
    } else if (knob.name == "data.rating_map") {
      EXPECT_EQ(set(R"({"view": 1, "buy": 2.5})"), "");
      EXPECT_EQ(config.data.rating_map, (std::map<std::string, double>{{"buy", 2.5}, {"view", 1}}));
      EXPECT_EQ(set(R"({"view": "1"})"),
                "must be an object of text to number, or null, not {\"view\":\"1\"}");
      EXPECT_EQ(set("null"), "");
      EXPECT_TRUE(config.data.rating_map.empty());
    } else if (knob.name == "data.missing") {
      EXPECT_EQ(set("99"), "");
      EXPECT_EQ(set("[99, -1]"), "");
      EXPECT_EQ(config.data.missing, (std::vector<double>{99, -1}));
      EXPECT_NE(set("none"), "");
    } else if (knob.name == "data.header") {
      EXPECT_EQ(set_knob(knob, true), "");
      EXPECT_EQ(config.data.header, "true");
    } else if (knob.name == "train.negatives_shared") {
      EXPECT_EQ(set_knob(knob, false), "");
      EXPECT_EQ(config.train.negatives_shared, "false");
    }
  }
}

TEST(SetKnob, TakesDevicesByTheirNames) {
  for (const char* good : {"auto", "cpu", "cuda", "cuda:0", "cuda:12"})
    EXPECT_TRUE(takes("train.device", good)) << good;
  for (const char* bad : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:100", "CPU"}) {
    EXPECT_FALSE(takes("train.device", bad)) << bad;
  }
}

TEST(SetKnob, ShortensALongValueInItsMessage) {
  EXPECT_LT(wrong("train.lr", std::string(100000, 'x')).size(), 200u);
}

}  // namespace
}  // namespace latent
