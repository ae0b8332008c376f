#include "src/config/sweep_spec.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "src/base/error.h"
#include "src/config/readers.h"
#include "src/config/sweep_rungs.h"

namespace latent {
namespace {

using nlohmann::ordered_json;

/// A data file that is there: a sweep's config is checked as train checks it.
std::string data_file() {
  const std::string path = std::filesystem::path(::testing::TempDir()) / "sweep_spec_test.csv";
  std::ofstream(path) << "user,item,rating\n";
  return path;
}

SweepPlan plan(const std::string& section, ordered_json given = ordered_json::object()) {
  if (!given.contains("data.path")) given["data.path"] = data_file();
  if (!given.contains("split.valid")) given["split.valid"] = 0.1;
  return plan_sweep(given, ordered_json::parse(section), "c.json");
}

std::string complaint(const std::string& section, ordered_json given = ordered_json::object()) {
  try {
    plan(section, given);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

std::vector<std::string> tuned(const SweepPlan& plan) {
  std::vector<std::string> out;
  for (const SweepTrial& trial : plan.trials) out.push_back(trial.tuned.dump());
  return out;
}

constexpr const char* kMixed = R"({"over": {
    "model.name": ["svd", "latent_factor", "ials"], "train.lr": {"log": [1e-3, 1e-1]},
    "ials.form": ["ials", "implicit"], "ials.alpha0": {"log": [0.01, 1]},
    "model.factors": {"pow2": [8, 128]}}, "search": "random", "trials": 60, "metric": "ndcg@10"})";

TEST(SweepSpec, TheConfigItselfIsTheFirstTrial) {
  const SweepPlan sweep = plan(kMixed, {{"train.lr", 0.07}, {"model.factors", 3}});
  EXPECT_EQ(sweep.trials[0].tuned.dump(),
            R"({"model.name":"latent_factor","train.lr":0.07,"model.factors":3})");
  EXPECT_EQ(sweep.trials.size(), 60u);
}

TEST(SweepSpec, ATrialHasTheKnobsThatItsModelReadsAndNoOthers) {
  std::set<std::string> models;
  for (const SweepTrial& trial : plan(kMixed).trials) {
    models.insert(trial.config.model.name);
    for (const char* knob : {"train.lr", "ials.form", "ials.alpha0", "model.factors"})
      EXPECT_EQ(trial.tuned.contains(knob), why_unread(knob, trial.config).empty()) << knob;
    if (trial.config.model.name != "ials") {
      EXPECT_EQ(trial.config.ials.alpha0, IalsOptions().alpha0);
    }
  }
  EXPECT_EQ(models.size(), 3u);
}

TEST(SweepSpec, ATrialOfAnotherModelHasThatModelsDefaults) {
  for (const SweepTrial& trial : plan(kMixed).trials) {
    const TrainOptions& train = trial.config.train;
    if (trial.config.model.name == "svd") {
      EXPECT_EQ(train.epochs, 20);
    }
    if (trial.config.model.name == "latent_factor") {
      EXPECT_EQ(train.steps, 100);
    }
  }
}

TEST(SweepSpec, IsAFunctionOfTheConfigAlone) {
  EXPECT_EQ(tuned(plan(kMixed)), tuned(plan(kMixed)));
  ordered_json other = ordered_json::parse(kMixed);
  other["seed"] = 1;
  EXPECT_NE(tuned(plan(kMixed)), tuned(plan(other.dump())));
}

TEST(SweepSpec, MoreTrialsBeginWithTheSameOnes) {
  ordered_json fewer = ordered_json::parse(kMixed);
  fewer["trials"] = 7;
  const auto all = tuned(plan(kMixed)), some = tuned(plan(fewer.dump()));
  EXPECT_EQ(some, std::vector(all.begin(), all.begin() + 7));
}

TEST(SweepSpec, AGridIsTheProductInTheWrittenOrderAfterTheConfigItself) {
  EXPECT_EQ(tuned(plan(R"({"over": {"train.lr": [0.1, 0.2], "model.factors": [2, 3]},
                           "search": "grid"})")),
            (std::vector<std::string>{R"({"train.lr":0.1,"model.factors":5})",
                                      R"({"train.lr":0.1,"model.factors":2})",
                                      R"({"train.lr":0.1,"model.factors":3})",
                                      R"({"train.lr":0.2,"model.factors":2})",
                                      R"({"train.lr":0.2,"model.factors":3})"}));
}

TEST(SweepSpec, TrialsThatComeToTheSameAreOne) {
  // ials reads no train.lr: both rates are one trial of it. The config itself is on the grid.
  EXPECT_EQ(tuned(plan(R"({"over": {"model.name": ["bpr", "ials"], "train.lr": [0.1, 0.2]},
                           "search": "grid"})",
                       {{"model.name", "bpr"}})),
            (std::vector<std::string>{R"({"model.name":"bpr","train.lr":0.1})",
                                      R"({"model.name":"bpr","train.lr":0.2})",
                                      R"({"model.name":"ials"})"}));
  EXPECT_EQ(plan(R"({"over": {"model.factors": [1, 2]}, "trials": 30})").trials.size(), 3u);
}

TEST(SweepSpec, AutoIsTheMetricThatTheConfigsModelIsWatchedBy) {
  EXPECT_EQ(plan(R"({"over": {"model.factors": [1]}})").spec.metric, "mse");
  EXPECT_EQ(plan(R"({"over": {"model.factors": [1]}})", {{"model.name", "ials"}}).spec.metric,
            "ndcg@10");
}

TEST(SweepSpec, SaysWhatIsWrongInOneLine) {
  const std::string over = R"("over": {"train.lr": [0.1, 0.2]})";
  EXPECT_EQ(complaint("{}"),
            "sweep.over is missing; give the knobs to try, as {\"train.lr\": [0.01, 0.1]}");
  EXPECT_EQ(complaint("{" + over + R"(, "trails": 3})"),
            "unknown key 'sweep.trails'; did you mean 'trials'?");
  EXPECT_EQ(complaint("{" + over + R"(, "search": "tpe"})"),
            "sweep.search must be one of grid random halving, not 'tpe'");
  EXPECT_EQ(complaint("{" + over + R"(, "trials": 0})"),
            "sweep.trials must be a whole number from 1 to 10000, not 0");
  EXPECT_EQ(complaint("{" + over + R"(, "seeds": 1.5})"),
            "sweep.seeds must be a whole number from 1 to 1000, not 1.5");
  EXPECT_EQ(complaint("{" + over + R"(, "metric": 10})"),
            "sweep.metric must be a string, not 10");
  EXPECT_TRUE(complaint("{" + over + R"(, "metric": "ndgc@10"})")
                  .starts_with("sweep.metric = 'ndgc@10' is no metric; take "));
  EXPECT_EQ(complaint(R"({"over": {"model.name": ["svd", "bpr"]}, "search": "grid",
                          "metric": "rmse"})"),
            "sweep.metric = rmse needs a model of ratings; bpr ranks (try ndcg@10 or auc)");
  EXPECT_TRUE(complaint("{" + over + R"(, "search": "grid", "trials": 5})")
                  .starts_with("sweep.trials is not read by a grid"));
  EXPECT_TRUE(complaint(R"({"over": {"train.lr": {"log": [0.1, 1]}}, "search": "grid"})")
                  .starts_with("sweep.over: 'train.lr' needs \"points\" in a grid"));
  EXPECT_EQ(complaint(R"({"over": {"ials.reg": [1, 2]}})"),
            "sweep.over: no trial reads 'ials.reg'; ials.reg is not read by latent_factor; its "
            "penalties are train.lambda, train.lambda_user_bias, train.lambda_item_bias and "
            "train.lambda_factors");
  EXPECT_EQ(complaint("{" + over + "}", {{"split.valid", 0}}),
            "a sweep needs a validation part, by which trials are judged; set split.valid");
  EXPECT_EQ(complaint("{" + over + "}", {{"data.path", "-"}}),
            "data.path = -, but a sweep reads its data again at its end; give a file");
  EXPECT_TRUE(complaint("{" + over + "}", {{"model.name", "bpr"}, {"train.rows", "all"}})
                  .starts_with("train.rows = all trains on the test part"));
}

TEST(SweepSpec, RefusesAKnobThatNoTrialReadsAndTakesOneThatSomeDo) {
  EXPECT_EQ(complaint(R"({"over": {"train.lr": [0.1]}})", {{"ials.reg", 0.5}}),
            "c.json:1: ials.reg is not read by latent_factor; its penalties are train.lambda, "
            "train.lambda_user_bias, train.lambda_item_bias and train.lambda_factors");
  EXPECT_EQ(complaint(R"({"over": {"model.name": ["ials"]}, "metric": "auc"})",
                      {{"ials.reg", 0.5}}),
            "");
}

TEST(SweepRungs, OfGridAndRandomIsOneWithAllTrialsWhole) {
  const auto rungs = rungs_of(plan(kMixed));
  ASSERT_EQ(rungs.size(), 1u);
  EXPECT_EQ(rungs[0].trials, 60);
  EXPECT_EQ(rungs[0].cut, 1);
}

TEST(SweepRungs, HalvingKeepsAThirdAndTriplesItsPasses) {
  ordered_json section = ordered_json::parse(kMixed);
  section["search"] = "halving";
  const SweepPlan sweep = plan(section.dump());
  const auto rungs = rungs_of(sweep);
  ASSERT_EQ(rungs.size(), 3u);
  EXPECT_EQ(rungs[0].trials, 60);
  EXPECT_EQ(rungs[1].trials, 20);
  EXPECT_EQ(rungs[2].trials, 6);
  EXPECT_EQ(rungs[0].cut, 9);
  EXPECT_EQ(rungs[2].cut, 1);
  RunConfig config = sweep.trials[0].config;  // 100 steps
  EXPECT_EQ(at_rung(config, rungs[0]).train.steps, 11);
  EXPECT_EQ(at_rung(config, rungs[1]).train.steps, 33);
  EXPECT_EQ(at_rung(config, rungs[2]).train.steps, 100);
  config.train.epochs = 4;
  config.train.steps = 0;
  EXPECT_EQ(at_rung(config, rungs[0]).train.epochs, 1);
  EXPECT_EQ(at_rung(config, rungs[0]).train.steps, 0);
}

TEST(SweepRungs, FewTrialsOrPassesAreNotDivided) {
  const std::string section = R"({"over": {"train.lr": {"log": [0.01, 0.1]}}, "trials": )";
  EXPECT_EQ(rungs_of(plan(section + "8}")).size(), 1u);
  EXPECT_EQ(rungs_of(plan(section + "9}")).size(), 2u);
  EXPECT_EQ(rungs_of(plan(section + "60}", {{"train.epochs", 2}})).size(), 1u);
}

}  // namespace
}  // namespace latent
