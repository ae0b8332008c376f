#include "src/config/complaints.h"

#include "src/base/error.h"
#include "src/config/catalog.h"
#include "src/config/metric_names.h"
#include "src/config/write.h"
#include "tests/support.h"

namespace latent {
namespace {

using Lines = std::vector<std::string>;

/// Complaints about a config whose data file is there.
class AConfig : public testing::Test {
 protected:
  AConfig() { data_ = folder_.write("d.csv", "u,i,1\n"); }

  Lines of(const std::string& text, Lines sets = {}) const {
    sets.push_back("data.path=" + data_);
    return complaints(resolve_with_complaints(text, "c.json", sets));
  }
  Lines with(const Lines& sets) const { return of("{}", sets); }

  const TemporaryFolder folder_;
  std::string data_;
};

TEST_F(AConfig, OfDefaultsHasNothingWrongWithAnyModel) {
  for (const ModelInfo& model : model_catalog())
    EXPECT_EQ(with({"model.name=" + model.name}), Lines()) << model.name;
}

TEST_F(AConfig, ThatGivesAnUnreadKnobIsToldWithItsLine) {
  const std::string text = "{\"model\": {\"name\": \"ials\"},\n\"train\": {\"lambda\": 0.5}}";
  EXPECT_EQ(of(text),
            Lines{"c.json:2: train.lambda is not read by ials; its penalty is ials.reg"});
  EXPECT_EQ(with({"model.name=ials", "train.lambda=0.5"}),
            Lines{"train.lambda is not read by ials; its penalty is ials.reg"});
  EXPECT_EQ(of(text, {"train.lambda=0.25"}),
            Lines{"train.lambda is not read by ials; its penalty is ials.reg"});
}

TEST_F(AConfig, MayGiveTheDefaultOfAnUnreadKnob) {
  EXPECT_EQ(with({"model.name=ials", "train.lambda=1e-5", "train.exact=false"}), Lines());
  EXPECT_EQ(with({"model.name=mean", "train.steps=100"}), Lines());
}

TEST_F(AConfig, MayGiveSeedsThreadsAndKnobsOfTheDataToAnyModel) {
  EXPECT_EQ(with({"model.name=mean", "train.seed=3", "split.seed=4", "train.threads=2",
                "train.device=cpu", "data.min_user=2", "data.rating_scale=[1,5]",
                "checkpoint.every=5", "eval.k=3", "export.auto=false"}),
            Lines());
}

TEST_F(AConfig, OfARunMayHoldEveryKnobThoughSetsAreStillChecked) {
  for (const ModelInfo& model : model_catalog()) {
    RunConfig config;
    config.model.name = model.name;
    config.train.lambda = 7;
    config.ials.alpha0 = 3;
    config.svd.lr_pu = 2;
    auto saved = config_to_json(config);
    saved["provenance"] = {{"program", "latent"}};
    EXPECT_EQ(of(saved.dump()), Lines()) << model.name;
    const Lines asked = of(saved.dump(), {"baseline.reg_u=1"});
    EXPECT_EQ(asked.empty(), model.name == "baseline") << model.name;
  }
}

TEST_F(AConfig, IsToldAllThatIsWrongInOneList) {
  EXPECT_EQ(of("{\"model\": {\"name\": \"ials\"},\n\"train\": {\n\"lamda\": 1,\n\"lr\": 0.5,\n"
               "\"refit\": true},\n\"split\": {\"test\": 0.6, \"valid\": 0.6}}",
               {"data.titles.path=" + folder_.file("none.csv")}),
            (Lines{"c.json:3: unknown key 'train.lamda'; did you mean 'train.lambda'?",
                   "c.json:4: train.lr is not read by ials; it has no learning rate",
                   "c.json:5: train.refit needs train.patience: early stopping chooses the steps "
                   "to repeat",
                   "c.json:6: split.test and split.valid together must be below 1",
                   folder_.file("none.csv") + ": cannot open: No such file or directory"}));
}

TEST_F(AConfig, OfAModelThatIsNoneIsNotJudgedByAnother) {
  EXPECT_EQ(with({"model.name=svm", "ials.reg=3", "train.exact=true"}).size(), 1u);
}

TEST_F(AConfig, SplitsByDatesThatFollowEachOtherAndHaveTimes) {
  const Lines dates = {"split.kind=time", "split.test_from=2020-02-01",
                       "split.valid_from=2020-01-01"};
  EXPECT_EQ(with(dates), Lines());
  EXPECT_EQ(with({dates[0], dates[1], "data.time=none"}),
            Lines{"split.test_from needs the rows' times, but data.time is none"});
  EXPECT_EQ(with({dates[0], dates[2]}),
            Lines{"split.valid_from needs split.test_from, before which the validation part ends"});
  EXPECT_EQ(with({dates[0], dates[1], "split.valid_from=2020-02-01T00:00:00Z"}),
            Lines{"split.valid_from = 2020-02-01T00:00:00Z must be before split.test_from = "
                  "2020-02-01"});
  EXPECT_EQ(with({"split.test_from=2020-02-01"}),
            Lines{"split.test_from is not read unless split.kind is time"});
  EXPECT_EQ(with({dates[0], dates[1], "split.test=0.5"}),
            Lines{"split.test is not read unless split.kind is random, by_row, per_user, "
                  "leave_one_out, or time without split.test_from (files: data.test_path is the "
                  "test part; k_fold: split.fold)"});
}

TEST_F(AConfig, CountsOnlySharesThatASplitTakes) {
  const Lines wrong = {"split.test and split.valid together must be below 1"};
  const std::string test = "split.test=0.6", valid = "split.valid=0.95";
  EXPECT_EQ(with({"split.kind=per_user", test, valid}), wrong);
  EXPECT_EQ(with({"split.kind=time", test, valid}), wrong);
  EXPECT_EQ(with({"split.kind=time", "split.test_from=2020-01-01", valid}), Lines());
  EXPECT_EQ(with({"split.kind=k_fold", valid}), Lines());
}

TEST_F(AConfig, HasNoFoldBeyondTheLast) {
  EXPECT_EQ(with({"split.kind=k_fold", "split.folds=3", "split.fold=3"}), Lines());
  EXPECT_EQ(with({"split.kind=k_fold", "split.folds=3", "split.fold=4"}),
            Lines{"split.fold = 4 is beyond split.folds = 3"});
}

TEST_F(AConfig, NeedsAValidationPartForPatience) {
  const Lines needs = {
      "train.patience needs a validation part; set split.valid, or train.patience to 0"};
  const std::string files = "split.kind=files", test = "data.test_path=" + data_;
  const std::string none = "split.valid=0";
  EXPECT_EQ(with({"train.patience=2", none}), needs);
  EXPECT_EQ(with({"train.patience=2"}), Lines()) << "split.valid is auto";
  EXPECT_EQ(with({"train.patience=2", "split.valid=0.1"}), Lines());
  EXPECT_EQ(with({"train.patience=2", "split.kind=leave_one_out", none}), needs);
  EXPECT_EQ(with({"train.patience=2", "split.kind=time", none}), needs);
  EXPECT_EQ(with({"train.patience=2", "split.kind=time", "split.test_from=2020-02-01",
                "split.valid_from=2020-01-01"}),
            Lines());
  EXPECT_EQ(with({"train.patience=2", files, test, none}), needs);
  EXPECT_EQ(with({"train.patience=2", files, test, "split.valid=0.1"}), Lines());
  EXPECT_EQ(with({"train.patience=2", files, "data.valid_path=" + data_}), Lines());
}

TEST_F(AConfig, NeedsPatienceForARefit) {
  EXPECT_EQ(with({"train.refit=true", "train.epochs=9"}),
            Lines{"train.refit needs train.patience: early stopping chooses the steps to repeat"});
  EXPECT_EQ(with({"train.refit=true", "train.patience=1", "split.valid=0.1"}), Lines());
}

TEST_F(AConfig, DoesNotRefitOnItemsThatItsTestAsksFor) {
  const std::string refit = "train.refit=true", patience = "train.patience=1",
                    mask = "eval.mask=train";
  EXPECT_EQ(with({refit, patience, mask}),
            Lines{"train.refit trains on the validation part, whose items eval.mask = train leaves "
                  "among the candidates; set eval.mask to train_valid, or train.refit to false"});
  EXPECT_EQ(with({refit, patience}), Lines());
  EXPECT_EQ(with({patience, mask}), Lines());
}

TEST_F(AConfig, WatchesMetricsThatThereAreAndThatFitTheModel) {
  const auto watching = [&](const std::string& name, const std::string& model) {
    return with({"train.patience=1", "split.valid=0.1", "train.monitor=" + name,
               "model.name=" + model});
  };
  for (const char* name : {"auc", "ndcg@10", "recall@1", "mrr@999999999"})
    EXPECT_EQ(watching(name, "bpr"), Lines()) << name;
  for (const char* name : {"mse", "rounded_mse", "auc"})
    EXPECT_EQ(watching(name, "svd"), Lines()) << name;
  for (const char* name : {"", "happiness", "ndcg", "ndcg@", "ndcg@0", "ndcg@x", "mse@10",
                           "ndcg@10000000000"})
    EXPECT_EQ(watching(name, "bpr").size(), 1u) << name;
  EXPECT_EQ(watching("rmse", "bpr"), Lines{"train.monitor = rmse needs a model of ratings; bpr "
                                           "ranks (try ndcg@10 or auc)"});
}

TEST(MonitoredMetric, IsNdcgAtTheLeastCutOffOfAtLeastTenByItself) {
  const auto of = [](const std::string& model, const std::string& k) {
    return monitored_metric(
        resolve_config("{}", "c", {"model.name=" + model, "eval.k=" + k}).config);
  };
  EXPECT_EQ(of("svd", "[5]"), "mse");
  EXPECT_EQ(of("ials", "[1, 50, 20]"), "ndcg@20");
  EXPECT_EQ(of("ials", "[5, 1]"), "ndcg@1");
}

TEST_F(AConfig, KeepsKnobsToTheModelsThatCanFollowThem) {
  for (const char* model : {"mean", "bpr", "ials"})
    EXPECT_EQ(with({std::string("model.name=") + model, "train.exact=true"}),
              Lines{std::string("train.exact is for svd, implicit_bpr and svdpp; leave it out "
                                "for ") +
                    model});
  EXPECT_EQ(with({"model.name=ials", "data.weight=bm25"}),
            Lines{"data.weight = bm25 needs model.name = ials with ials.form = implicit"});
  EXPECT_EQ(with({"model.name=ials", "data.weight=bm25", "ials.form=implicit"}), Lines());
  EXPECT_EQ(with({"model.name=svd", "train.device=cuda:1"}),
            Lines{"train.device = cuda:1, but svd is trained on the CPU; use cpu or auto"});
}

TEST_F(AConfig, NamesPartsThatTheSplitCanGive) {
  EXPECT_EQ(with({"data.test_path=" + data_}),
            Lines{"data.valid_path and data.test_path need split.kind = files, not random"});
  EXPECT_EQ(with({"split.kind=files"}),
            Lines{"split.kind = files needs data.test_path or data.valid_path"});
  EXPECT_EQ(complaints(resolve_config("{}", "c", {})),
            Lines{"data.path is not set; give the file of ratings"});
}

TEST_F(AConfig, NamesFilesThatAreThere) {
  const std::string none = folder_.file("none.csv"), files = "split.kind=files",
                    test = "data.test_path=" + data_;
  const Lines missing = {none + ": cannot open: No such file or directory"};
  EXPECT_EQ(complaints(resolve_config("{}", "c", {"data.path=" + none})), missing);
  EXPECT_EQ(with({files, "data.test_path=" + none}), missing);
  EXPECT_EQ(with({files, test, "data.valid_path=" + none}), missing);
  EXPECT_EQ(with({"data.titles.path=" + none}), missing);
  EXPECT_EQ(with({"model.init_path=" + none}), missing);
  EXPECT_EQ(with({"model.init_from=" + none}), missing);
  EXPECT_EQ(with({"model.init_from=" + folder_.path()}), Lines()) << "it may be a run";
  EXPECT_EQ(with({"data.titles.path=" + folder_.path()}),
            Lines{folder_.path() + ": is a folder; give a file"});
}

TEST_F(AConfig, TakesInitialRowsFromOnePlace) {
  EXPECT_EQ(with({"model.init_path=" + data_, "model.init_from=" + data_}),
            Lines{"model.init_from and model.init_path are both given; keep one"});
}

TEST_F(AConfig, WhoseDataIsCutElsewhereIsNotAskedForItsParts) {
  const auto apart = [](const Lines& sets) {
    return complaints_apart_from_data(resolve_with_complaints("{}", "c.json", sets));
  };
  EXPECT_EQ(apart({"split.test=0.6", "split.valid=0.6", "train.patience=3"}), Lines());
  EXPECT_EQ(apart({"model.name=mean", "train.steps=3", "train.lr=x"}),
            (Lines{"--set: 'train.lr' must be a number, not \"x\"",
                   "train.steps is not read by mean, which is not trained"}));
}

TEST(Refuse, ThrowsALineForEachComplaintAndNothingForNone) {
  EXPECT_NO_THROW(refuse(Lines()));
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, refuse(Lines{"one", "two"})), "one\ntwo");
}

TEST(TheRepositorysConfigs, GiveOnlyKnobsThatAreRead) {
  size_t count = 0;
  for (const char* folder : {"/configs", "/configs/notebook"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(LATENT_SOURCE_DIR) + folder)) {
      if (entry.path().extension() != ".json") continue;
      ++count;
      EXPECT_EQ(complaints_apart_from_data(read_config(entry.path().string(), {})), Lines());
    }
  }
  EXPECT_GE(count, 15u);
}

}  // namespace
}  // namespace latent
