// A sweep for each value of one knob.
#include "src/config/sweep_groups.h"

#include "src/base/error.h"
#include "tests/support.h"

namespace latent {
namespace {

using nlohmann::ordered_json;

constexpr const char* kShowdown = R"({"per": "model.name", "report": true, "over": {
    "model.name": ["popularity", "ials", "svd"], "ials.reg": {"log": [0.001, 0.1]},
    "train.lr": {"log": [0.001, 0.1]}, "model.factors": {"pow2": [8, 32]}},
    "search": "halving", "trials": 9, "seeds": 2, "metric": "ndcg@10"})";

class SweepGroups : public testing::Test {
 protected:
  std::vector<SweepGroup> groups(const std::string& section,
                                 ordered_json given = ordered_json::object()) const {
    given["data.path"] = folder_.write("d.csv", "user,item,rating\n");
    given["split.valid"] = 0.1;
    return sweep_groups(given, ordered_json::parse(section), "c.json");
  }
  std::string complaint(const std::string& section,
                        ordered_json given = ordered_json::object()) const {
    return LATENT_MESSAGE_OF(Error, groups(section, given));
  }

  TemporaryFolder folder_;
};

TEST_F(SweepGroups, AreOneForEachValueWithTheKnobsThatItsModelReads) {
  const std::vector<SweepGroup> found = groups(kShowdown, {{"train.epochs", 5}});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].name, "popularity");
  EXPECT_EQ(found[0].section["over"].dump(), R"({"model.name":["popularity"]})");
  EXPECT_FALSE(found[0].given.contains("train.epochs"));
  EXPECT_EQ(found[0].given["split.valid"], 0.1);
  EXPECT_EQ(found[1].section["over"].dump(),
            R"({"model.name":["ials"],"ials.reg":{"log":[0.001,0.1]},"model.factors":{"pow2":[8,32]}})");
  EXPECT_EQ(found[1].given["train.epochs"], 5);
  EXPECT_EQ(found[1].given["model.name"], "ials");
  EXPECT_EQ(found[2].section["trials"], 9);
  for (const SweepGroup& group : found) EXPECT_FALSE(has_groups(group.section));
}

TEST_F(SweepGroups, HaveTheirOwnTrialsEach) {
  const std::vector<SweepGroup> found = groups(kShowdown);
  std::vector<size_t> trials;
  for (const SweepGroup& group : found)
    trials.push_back(plan_sweep(group.given, group.section, "c.json").trials.size());
  EXPECT_EQ(trials, (std::vector<size_t>{1, 9, 9}));
}

TEST_F(SweepGroups, RefuseWhatNoneOfThemReads) {
  EXPECT_EQ(complaint(R"({"per": "model.name", "over": {"model.name": ["popularity", "mean"],
                          "ials.reg": [0.1]}, "metric": "ndcg@10"})"),
            "sweep.over: no value of model.name reads 'ials.reg'; leave it out");
  EXPECT_EQ(complaint(R"({"per": "model.name", "over": {"model.name": ["popularity", "mean"]},
                          "metric": "ndcg@10"})", {{"train.lr", 0.5}}),
            "train.lr is read for no value of model.name; leave it out");
}

TEST_F(SweepGroups, RefuseAKnobWithoutAListAndMetricsThatDiffer) {
  EXPECT_EQ(complaint(R"({"per": 3, "over": {"train.lr": [0.1]}})"),
            "sweep.per must be the name of a knob, not 3");
  for (const char* over : {R"({"train.lr": [0.1]})", R"({"model.name": "svd"})"})
    EXPECT_EQ(complaint(std::string(R"({"per": "model.name", "over": )") + over + "}"),
              "sweep.per = 'model.name' needs the knob's list of values in sweep.over");
  EXPECT_EQ(complaint(R"({"per": "model.name", "over": {"model.name": ["svd", "ials"]}})"),
            "sweep.metric is mse for svd and ndcg@10 for ials; name one that all have");
  EXPECT_EQ(complaint(R"({"per": "model.name", "report": 1, "over": {"model.name": ["svd"]}})"),
            "sweep.report must be true or false, not 1");
}

}  // namespace
}  // namespace latent
