// The catalogue of models, and who reads each knob by it.
#include "src/config/catalog.h"

#include <algorithm>

#include "src/config/read.h"
#include "src/config/readers.h"
#include "tests/support.h"

namespace latent {
namespace {

std::vector<std::string> knob_names() {
  RunConfig config;
  std::vector<std::string> names;
  for (const Knob& knob : knobs(config)) names.push_back(knob.name);
  return names;
}

/// The config of `model` with `sets`.
RunConfig config_of(const std::string& model, std::vector<std::string> sets = {}) {
  sets.push_back("model.name=" + model);
  return resolve_config("{}", "c", sets).config;
}

bool reads(const std::string& model, const std::string& knob,
           const std::vector<std::string>& sets = {}) {
  return why_unread(knob, config_of(model, sets)).empty();
}

TEST(ModelCatalog, BringsDefaultsThatAreKnobsWhichTheModelReads) {
  for (const ModelInfo& model : model_catalog()) {
    for (const auto& [knob, value] : model.defaults) {
      EXPECT_TRUE(reads(model.name, knob)) << model.name << " " << knob;
      EXPECT_EQ(config_of(model.name).model.name, model.name);
    }
  }
}

TEST(ModelCatalog, NamesKnobsThatThereAre) {
  const std::vector<std::string> names = knob_names();
  for (const ModelInfo& model : model_catalog()) {
    for (const ReadKnob& row : model.reads) {
      EXPECT_TRUE(std::ranges::any_of(names, [&](const std::string& name) {
        return row.name.ends_with('.') ? name.starts_with(row.name) : name == row.name;
      })) << model.name << " " << row.name;
      EXPECT_EQ(row.when == nullptr, row.condition.empty()) << model.name << " " << row.name;
    }
  }
}

TEST(ModelCatalog, GivesFactorsToWhoReadsTheirNumber) {
  for (const ModelInfo& model : model_catalog())
    EXPECT_EQ(reads(model.name, "model.factors"), model.has_factors) << model.name;
}

TEST(ModelCatalog, KeepsDoublesForBaselineAndForExactSvd) {
  for (const ModelInfo& model : model_catalog()) {
    EXPECT_EQ(model.in_double(config_of(model.name)), model.name == "baseline") << model.name;
    EXPECT_EQ(model.in_double(config_of(model.name, {"train.exact=true"})),
              model.name == "baseline" || model.name == "svd" || model.name == "svdpp")
        << model.name;
  }
}

TEST(ModelCatalog, PairsPositivesWithNegativesForRankingModelsTrainedByGradient) {
  for (const ModelInfo& model : model_catalog())
    EXPECT_EQ(is_pairwise(model), model.name == "bpr" || model.name == "mf") << model.name;
}

TEST(Readers, AreThereForEveryKnob) {
  for (const std::string& name : knob_names()) {
    EXPECT_FALSE(readers_of(name).empty()) << name;
    EXPECT_FALSE(readers_text(name).empty()) << name;
  }
}

/// Models in the order of the table below.
const std::vector<std::string> kModels = {"mean",     "bias_only", "latent_factor", "bpr",
                                          "baseline", "svd",       "implicit_bpr",  "ials",
                                          "popularity", "item_mean", "item_knn",    "ease"};

TEST(Readers, AreThoseWhoseCodeAsksForTheKnob) {
  // A column a model, in the order of kModels; x: reads it with all else at its default.
  const std::vector<std::pair<std::string, std::string>> table = {
      {"data.path", "xxxxxxxxxxxx"},
      {"data.weight", "............"},
      {"data.rating_scale", "xxx.xx...x.."},
      {"split.kind", "xxxxxxxxxxxx"},
      {"split.test", "xxxxxxxxxxxx"},
      {"split.valid", "xxxxxxxxxxxx"},
      {"model.name", "xxxxxxxxxxxx"},
      {"model.factors", "..xx.xxx...."},
      {"model.init_mean", ".xxx.x.x...."},
      {"model.init_std", ".xxx.x.x...."},
      {"model.init_path", ".xxxxxxx...."},
      {"model.init_from", ".xxxxxxx...."},
      {"train.form", ".xxx........"},
      {"train.lambda", ".xxx.xx....."},
      {"train.lambda_user_bias", ".xx........."},
      {"train.lambda_item_bias", ".xxx........"},
      {"train.lambda_factors", "..xx........"},
      {"train.lr", ".xxx.xx....."},
      {"train.optimizer", ".xxx........"},
      {"train.batch_size", ".xxx........"},
      {"train.steps", ".xxxxxxx...."},
      {"train.epochs", ".xxxxxxx...."},
      {"train.rows", ".xxxxxxx...."},
      {"train.seed", "xxxxxxxxxxxx"},
      {"train.threads", "xxxxxxxxxxxx"},
      {"train.device", "xxxxxxxxxxxx"},
      {"train.patience", ".xxxxxxx...."},
      {"train.monitor", ".xxx.x......"},
      {"train.eval_every", ".xxx.x......"},
      {"train.log_every", ".xxx........"},
      {"train.refit", ".xxxxxxx...."},
      {"train.exact", ".....xx....."},
      {"svd.biased", ".....x......"},
      {"svd.lr_bu", ".....x......"},
      {"svd.reg_qi", ".....x......"},
      {"baseline.reg_u", "....x......."},
      {"baseline.reg_i", "....x......."},
      {"implicit_bpr.verify_negative_samples", "......x....."},
      {"ials.form", ".......x...."},
      {"ials.alpha0", ".......x...."},
      {"ials.reg", ".......x...."},
      {"ials.nu", ".......x...."},
      {"ials.alpha", "............"},
      {"item_mean.damping", ".........x.."},
      {"item_knn.k", "..........x."},
      {"item_knn.shrinkage", "..........x."},
      {"ease.lambda", "...........x"},
      {"log.tensorboard", "xxxxxxxxxxxx"},
      {"checkpoint.every", "xxxxxxxxxxxx"},
      {"checkpoint.minutes", "xxxxxxxxxxxx"},
      {"eval.k", "xxxxxxxxxxxx"},
      {"export.auto", "xxxxxxxxxxxx"},
  };
  for (const auto& [knob, row] : table) {
    std::string found;
    for (const std::string& model : kModels) found += reads(model, knob) ? 'x' : '.';
    EXPECT_EQ(found, row) << knob;
  }
}

TEST(Readers, OfASamplerLeaveOutWhateverTunesAndStopsOtherModels) {
  for (const char* knob : {"bayes.thin", "bayes.implicit_users", "model.factors", "train.rows",
                           "data.rating_scale"})
    EXPECT_TRUE(reads("bayesian_mf", knob)) << knob;
  for (const char* knob : {"train.lr", "train.lambda", "train.epochs", "train.steps",
                           "train.patience", "train.refit", "model.init_std", "model.init_from"})
    EXPECT_FALSE(reads("bayesian_mf", knob)) << knob;
}

TEST(ASampler, PassesAsOftenAsItsKnobsSay) {
  const RunConfig bare = config_of("bayesian_mf", {});
  EXPECT_EQ(bare.train.epochs, bare.bayes.burn_in + bare.bayes.samples);
  EXPECT_EQ(bare.train.steps, 0);
  const RunConfig given = config_of("bayesian_mf", {"bayes.burn_in=3", "bayes.samples=10"});
  EXPECT_EQ(given.train.epochs, 13);
}

TEST(Readers, DependOnOtherKnobs) {
  struct Case {
    std::string model, knob;
    std::vector<std::string> sets;
    bool read;
  };
  const std::string factors = "train.lambda_factors=1", items = "train.lambda_item_bias=1",
                    users = "train.lambda_user_bias=1";
  for (const Case& c : std::vector<Case>{
           {"ials", "ials.alpha", {"ials.form=implicit"}, true},
           {"ials", "data.weight", {"ials.form=implicit"}, true},
           {"ials", "ials.reg", {"ials.form=implicit"}, true},
           {"ials", "ials.alpha0", {"ials.form=implicit"}, false},
           {"ials", "ials.nu", {"ials.form=implicit"}, false},
           {"bias_only", "train.lambda", {users}, true},
           {"bias_only", "train.lambda", {users, items}, false},
           {"latent_factor", "train.lambda", {users, items}, true},
           {"latent_factor", "train.lambda", {users, items, factors}, false},
           {"bpr", "train.lambda", {items}, true},
           {"bpr", "train.lambda", {items, factors}, false},
           {"svd", "svd.lr_bi", {"svd.biased=false"}, false},
           {"svd", "svd.reg_bu", {"svd.biased=false"}, false},
           {"svd", "svd.reg_pu", {"svd.biased=false"}, true},
           {"svd", "train.lr", {"svd.lr_pu=1", "svd.lr_qi=1"}, true},
           {"svdpp", "train.lr", {"svdpp.lr_pu=1", "svdpp.lr_qi=1"}, true},
           {"svdpp", "train.lambda",
            {"svdpp.reg_pu=1", "svdpp.reg_qi=1", "svdpp.reg_yj=1", "svdpp.reg_bu=1",
             "svdpp.reg_bi=1"},
            false},
           {"svd", "train.lr", {"svd.lr_pu=1", "svd.lr_qi=1", "svd.biased=false"}, false},
           {"svd", "train.lambda", {"svd.reg_pu=1", "svd.reg_qi=1", "svd.reg_bu=1"}, true},
           {"svd", "train.lambda",
            {"svd.reg_pu=1", "svd.reg_qi=1", "svd.reg_bu=1", "svd.reg_bi=1"}, false},
           {"bpr", "train.monitor", {"train.patience=1"}, true},
           {"ials", "train.eval_every", {"train.patience=1"}, true},
           {"mf", "mf.tau", {"mf.loss=bsl"}, true},
           {"mf", "mf.tau", {"mf.loss=ccl"}, false},
           {"mf", "mf.margin", {"mf.loss=ccl"}, true},
           {"mf", "mf.negative_weight", {"mf.loss=hinge"}, false},
           {"mf", "mf.gamma", {"mf.loss=directau"}, true},
           {"mf", "train.negatives", {"mf.loss=directau"}, false},
           {"mf", "train.negatives", {"train.negative_sampling=in_batch"}, false},
           {"mf", "train.popularity_power", {"train.negative_sampling=popularity"}, true},
           {"mf", "train.lambda_item_bias", {"mf.bias=true"}, true},
           {"mf", "train.lambda_item_bias", {"mf.bias=false"}, false},
           {"mf", "model.init_std", {"model.init=xavier"}, false},
           {"bpr", "model.init_std", {"model.init=xavier"}, false},
           {"mean", "train.monitor", {"train.patience=1"}, false},
           {"mean", "split.test", {"split.kind=files"}, false},
           {"mean", "split.test", {"split.kind=leave_one_out"}, true},
           {"mean", "split.test", {"split.kind=per_user"}, true},
           {"mean", "split.test", {"split.kind=k_fold"}, false},
           {"mean", "split.test", {"split.kind=time"}, true},
           {"mean", "split.test", {"split.kind=time", "split.test_from=2020-01-01"}, false},
           {"mean", "split.valid", {"split.kind=time", "split.test_from=2020-01-01"}, true},
           {"mean", "split.valid", {"split.kind=time", "split.valid_from=2020-01-01"}, false},
           {"mean", "split.test_from", {"split.kind=time"}, true},
           {"mean", "split.test_from", {"split.kind=per_user"}, false},
           {"mean", "split.valid_from", {"split.kind=random"}, false},
           {"mean", "split.order", {"split.kind=per_user"}, true},
           {"mean", "split.order", {"split.kind=time"}, false},
           {"mean", "split.folds", {"split.kind=k_fold"}, true},
           {"mean", "split.fold", {"split.kind=random"}, false},
           {"mean", "split.valid", {"split.kind=files"}, true},
           {"mean", "split.valid", {"split.kind=files", "data.valid_path=v.csv"}, false},
       }) {
    EXPECT_EQ(reads(c.model, c.knob, c.sets), c.read)
        << c.model << " " << c.knob << " " << c.sets.back();
  }
}

TEST(WhyUnread, NamesWhatIsReadInstead) {
  const auto why = [](const std::string& model, const std::string& knob,
                      const std::vector<std::string>& sets = {}) {
    return why_unread(knob, config_of(model, sets));
  };
  EXPECT_EQ(why("ials", "train.lambda"),
            "train.lambda is not read by ials; its penalty is ials.reg");
  EXPECT_EQ(why("baseline", "svd.reg_bu"),
            "svd.reg_bu is not read by baseline; its penalties are baseline.reg_u and "
            "baseline.reg_i");
  EXPECT_EQ(why("implicit_bpr", "train.lambda_factors"),
            "train.lambda_factors is not read by implicit_bpr; its penalty is train.lambda");
  EXPECT_EQ(why("ials", "train.lr"), "train.lr is not read by ials; it has no learning rate");
  EXPECT_EQ(why("implicit_bpr", "svd.lr_pu"),
            "svd.lr_pu is not read by implicit_bpr; its learning rate is train.lr");
  EXPECT_EQ(why("svd", "train.batch_size"),
            "train.batch_size is not read by svd; it is for bias_only, latent_factor, bpr, mf and "
            "elsa");
  EXPECT_EQ(why("bpr", "ials.form"), "ials.form is not read by bpr; it is for ials");
  EXPECT_EQ(why("mean", "train.steps"), "train.steps is not read by mean, which is not trained");
  EXPECT_EQ(why("popularity", "train.steps"),
            "train.steps is not read by popularity, which is computed at once");
  EXPECT_EQ(why("ease", "ials.reg"), "ials.reg is not read by ease; its penalty is ease.lambda");
  EXPECT_EQ(why("ials", "ials.nu", {"ials.form=implicit"}),
            "ials.nu is not read by ials unless ials.form is ials");
  EXPECT_EQ(why("ials", "train.monitor"),
            "train.monitor is not read unless train.patience is above 0");
}

TEST(Listed, JoinsWordsAsInASentence) {
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed({"a"}), "a");
  EXPECT_EQ(listed({"a", "b"}), "a and b");
  EXPECT_EQ(listed({"a", "b", "c"}), "a, b and c");
}

}  // namespace
}  // namespace latent
