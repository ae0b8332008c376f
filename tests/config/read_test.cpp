#include "src/config/read.h"

#include "src/base/error.h"
#include "tests/support.h"

namespace latent {
namespace {

using nlohmann::json;

ResolvedConfig resolve(const std::string& text, const std::vector<std::string>& sets = {}) {
  return resolve_config(text, "c.json", sets);
}

std::string error_of(const std::string& text, const std::vector<std::string>& sets = {}) {
  return LATENT_MESSAGE_OF(Error, resolve(text, sets));
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Whether a validation part says when `config` stops, and whether a second fit follows.
std::pair<bool, bool> stops_and_refits(const std::vector<std::string>& sets) {
  const TrainOptions train = resolve("{}", sets).config.train;
  return {train.patience > 0, train.refit};
}

TEST(ResolveConfig, LetsAValidationPartStopWhatHasNoLengthOfItsOwn) {
  const std::pair stops(true, true), runs(false, false);
  for (const char* model : {"latent_factor", "bias_only", "bpr", "svd", "mf"}) {
    const std::string name = std::string("model.name=") + model;
    EXPECT_EQ(stops_and_refits({name}), stops) << model;
    EXPECT_EQ(stops_and_refits({name, "split.valid=0.2"}), stops) << model;
    EXPECT_EQ(stops_and_refits({name, "train.patience=2"}), stops) << model;
    for (const char* said : {"train.epochs=3", "train.steps=3", "train.patience=0",
                             "split.valid=0", "train.rows=all", "train.exact=true"})
      EXPECT_EQ(stops_and_refits({name, said}), runs) << model << " " << said;
    EXPECT_EQ(stops_and_refits({name, "train.refit=false"}), std::pair(true, false)) << model;
    EXPECT_EQ(stops_and_refits({name, "eval.mask=train"}), std::pair(true, false)) << model;
  }
  for (const char* model : {"mean", "baseline", "ials", "bayesian_mf", "popularity"})
    EXPECT_EQ(stops_and_refits({std::string("model.name=") + model}), runs) << model;
}

TEST(ResolveConfig, LaterLevelsWinAndSourcesSaySo) {
  struct Level {
    const char* text;
    std::vector<std::string> sets;
    double lr;
    const char* source;
  };
  for (const Level& level : std::vector<Level>{
           {R"({"train": {"steps": 3}})", {}, 0.1, "default"},
           {R"({"model": {"name": "svd"}})", {}, 0.005, "model"},
           {R"({"model": {"name": "svd"}, "train": {"lr": 0.25}})", {}, 0.25, "file"},
           {R"({"model": {"name": "svd"}, "train": {"lr": 0.25}})", {"train.lr=2"}, 2, "--set"},
           {R"({"model": {"name": "svd"}})", {"train.lr=2", "train.lr=3"}, 3, "--set"}}) {
    const ResolvedConfig got = resolve(level.text, level.sets);
    EXPECT_EQ(got.config.train.lr, level.lr) << level.text;
    EXPECT_EQ(got.sources.at("train.lr"), level.source) << level.text;
  }
}

TEST(ResolveConfig, TakesTheModelsDefaultsOfAModelNamedBySet) {
  const ResolvedConfig got = resolve(R"({"model": {"name": "ials"}})", {"model.name=implicit_bpr"});
  EXPECT_EQ(got.config.train.lr, 0.01);
  EXPECT_EQ(got.sources.at("train.lr"), "model");
  EXPECT_EQ(got.sources.at("model.name"), "--set");
  EXPECT_EQ(got.sources.at("model.init_std"), "default");  // not ials' own
}

TEST(ResolveConfig, GivesASourceForEveryKnob) {
  ResolvedConfig got = resolve(R"({"model": {"name": "popularity"}})");
  for (const Knob& knob : knobs(got.config))
    EXPECT_EQ(got.sources.at(knob.name), knob.name == "model.name" ? "file" : "default")
        << knob.name;
  EXPECT_EQ(got.sources.size(), knobs(got.config).size());
}

TEST(ResolveConfig, RefusesAnUnknownKeyWithASuggestion) {
  EXPECT_EQ(error_of(R"({"train": {"lamda": 1}})"),
            "c.json:1: unknown key 'train.lamda'; did you mean 'train.lambda'?");
  EXPECT_EQ(error_of(R"({"model": {"lr": 1}})"),
            "c.json:1: unknown key 'model.lr'; did you mean 'train.lr'?");
  EXPECT_EQ(error_of("{}", {"model.lr=1"}),
            "--set: unknown key 'model.lr'; did you mean 'train.lr'?");
  EXPECT_TRUE(has(error_of(R"({"zzzzzzzzz": 1})"), "unknown key 'zzzzzzzzz'"));
  EXPECT_TRUE(has(error_of(R"({"train": {"lr": {"value": 1}}})"), "unknown key 'train.lr.value'"));
  EXPECT_TRUE(has(error_of(R"({"train": 5})"), "unknown key 'train'"));
}

TEST(ResolveConfig, RefusesAnUnknownSectionThatIsEmpty) {
  EXPECT_TRUE(has(error_of(R"({"trian": {}})"), "unknown key 'trian'"));
  EXPECT_TRUE(has(error_of(R"({"train": {"lr": {}}})"), "'train.lr' must be a number"));
  EXPECT_NO_THROW(resolve(R"({"train": {}})"));
}

TEST(ResolveConfig, RefusesAKeyGivenTwice) {
  EXPECT_TRUE(has(error_of(R"({"train": {"lr": 1, "lr": 2}})"), "key 'lr' is given twice"));
  EXPECT_TRUE(has(error_of(R"({"train": {"lr": 1}, "train": {"steps": 2}})"),
                  "key 'train' is given twice"));
  EXPECT_TRUE(
      has(error_of(R"({"train": {"lr": 1}, "train.lr": 2})"), "key 'train.lr' is given twice"));
  EXPECT_NO_THROW(
      resolve(R"({"data": {"path": "x"}, "split": {"seed": 1}, "train": {"seed": 1}})"));
}

TEST(ResolveConfig, AllowsCommentsAndDottedKeys) {
  const auto got =
      resolve("// one\n{ /* two */ \"train\": {\"lr\": 3 // three\n}, \"eval.k\": [4]}");
  EXPECT_EQ(got.config.train.lr, 3);
  EXPECT_EQ(got.config.eval.k, (std::vector<int64_t>{4}));
}

TEST(ResolveConfig, LeavesARunsProvenanceAlone) {
  EXPECT_NO_THROW(
      resolve(R"({"provenance": {"program": "latent", "anything": [1]}, "train": {"lr": 3}})"));
}

TEST(ResolveConfig, PointsAtTheLineOfBrokenJson) {
  for (const auto& [text, line] :
       std::vector<std::pair<std::string, int>>{{"{\n  \"train\": {\n    \"lr\": }\n}", 3},
                                                {"{\"train\": {\"lr\": 1,}}", 1},
                                                {"{\n\"train\": {}\n", 3},
                                                {"", 1},
                                                {"{}\n\n}", 3},
                                                {"{\n\"data\": {\"path\": \"a\tb\"}}", 2},
                                                {"{\n\"data\": {\"path\": \"\xff\"}}", 2}}) {
    EXPECT_EQ(error_of(text).rfind("c.json:" + std::to_string(line) + ": not valid JSON: ", 0), 0u)
        << text << " -> " << error_of(text);
  }
  EXPECT_TRUE(has(error_of("[1]"), "one JSON object"));
  EXPECT_TRUE(has(error_of("{\"train\":\n{\"lr\": 1e999}}"), "c.json"));  // beyond double
}

TEST(ResolveConfig, SaysTypeAndRangeOfABadValueWithItsPlace) {
  EXPECT_EQ(error_of(R"({"train": {"lr": -1}})"), "c.json:1: 'train.lr' must be above 0.0, not -1");
  EXPECT_EQ(error_of("{}", {"train.batch_size=2.7"}),
            "--set: 'train.batch_size' must be a whole number or auto, not 2.7");
  EXPECT_EQ(error_of("{}", {"train.lr=fast"}), "--set: 'train.lr' must be a number, not \"fast\"");
  EXPECT_EQ(error_of(R"({"model": {"name": "svm"}})")
                .rfind("c.json:1: 'model.name' must be one of mean", 0),
            0u);
  EXPECT_EQ(error_of("{}", {"model.name=svm"}).rfind("--set: 'model.name' must be one of mean", 0),
            0u)
      << error_of("{}", {"model.name=svm"});
}

TEST(ResolveConfig, RefusesStepsBesideEpochs) {
  const std::string both = "'train.steps' and 'train.epochs' are both given; keep one";
  EXPECT_TRUE(has(error_of(R"({"train": {"steps": 5, "epochs": 5}})"), both));
  EXPECT_TRUE(has(error_of(R"({"train": {"steps": 5}})", {"train.epochs=5"}), both));
  EXPECT_TRUE(has(error_of(R"({"train": {"steps": 0}})"), "both 0"));
}

TEST(ResolveConfig, LeavesExactlyOneOfStepsAndEpochs) {
  struct Case {
    const char* text;
    std::vector<std::string> sets;
    int64_t steps, epochs;
  };
  for (const Case& c :
       std::vector<Case>{{R"({"train": {"patience": 0}})", {}, 100, 0},
                         {R"({})", {}, 0, 200},
                         {R"({"train": {"epochs": 3}})", {}, 0, 3},
                         {R"({"train": {"epochs": 3, "steps": 0}})", {}, 0, 3},
                         {R"({"model": {"name": "ials"}})", {}, 0, 16},
                         {R"({"model": {"name": "ials"}, "train": {"steps": 9}})", {}, 9, 0},
                         {R"({"model": {"name": "ials"}})", {"train.epochs=0"}, 100, 0},
                         {R"({"model": {"name": "ials"}})", {"train.epochs=2"}, 0, 2}}) {
    const TrainOptions got = resolve(c.text, c.sets).config.train;
    EXPECT_EQ(got.steps, c.steps) << c.text;
    EXPECT_EQ(got.epochs, c.epochs) << c.text;
  }
}

TEST(ResolveConfig, SetTakesListsNamesWithoutQuotesAndNull) {
  const auto got = resolve(R"({"data": {"positive_at_least": 4}})",
                           {"eval.k=[5, 50]", "data.path=a=b.csv", "data.user=0", "data.item=\"7\"",
                            "export.auto=false", "data.positive_at_least=null", "train.steps=1e3"});
  EXPECT_EQ(got.config.eval.k, (std::vector<int64_t>{5, 50}));
  EXPECT_EQ(got.config.data.path, "a=b.csv");
  EXPECT_EQ(got.config.data.user, "0");
  EXPECT_EQ(got.config.data.item, "7");
  EXPECT_FALSE(got.config.exporting.automatic);
  EXPECT_EQ(got.config.data.positive_at_least, std::nullopt);
  EXPECT_EQ(got.config.train.steps, 1000);
  EXPECT_EQ(resolve("{}", {"eval.k=5"}).config.eval.k, (std::vector<int64_t>{5}));
  EXPECT_EQ(resolve("{}", {"data.path="}).config.data.path, "");
}

TEST(ResolveConfig, TellsAllThatItCannotTakeAtOnce) {
  EXPECT_EQ(error_of("{\n\"train\": {\n\"lamda\": 1,\n\"lr\": -1},\n\"svd.biased\": 1}",
                     {"train.steps=0.5", "eval.q=3"}),
            "c.json:5: 'svd.biased' must be true or false, not 1\n"
            "c.json:3: unknown key 'train.lamda'; did you mean 'train.lambda'?\n"
            "c.json:4: 'train.lr' must be above 0.0, not -1\n"
            "--set: 'train.steps' must be a whole number, not 0.5\n"
            "--set: unknown key 'eval.q'; did you mean 'eval.k'?");
}

TEST(ResolveWithComplaints, KeepsTheLevelBelowWhereAValueIsNotTaken) {
  const ResolvedConfig got =
      resolve_with_complaints(R"({"model": {"name": "svd"}, "train": {"lr": -1}})", "c.json", {});
  EXPECT_EQ(got.config.train.lr, 0.005);
  EXPECT_EQ(got.sources.at("train.lr"), "wrong");
  EXPECT_EQ(got.wrong, std::vector<std::string>{"c.json:1: 'train.lr' must be above 0.0, not -1"});
}

TEST(ResolveConfig, KnowsARunsOwnConfigByItsProvenance) {
  const std::string run = R"({"provenance": {}, "train": {"lr": 3}})";
  EXPECT_EQ(resolve(run).sources.at("train.lr"), "run");
  EXPECT_EQ(resolve(run, {"train.lr=2"}).sources.at("train.lr"), "--set");
  EXPECT_FALSE(is_given("run"));
  EXPECT_FALSE(is_given("include"));
  EXPECT_FALSE(is_given("model"));
  EXPECT_TRUE(is_given("file") && is_given("--set"));
}

TEST(ResolveConfig, PassesOverARetiredKnobInARunsOwnConfigAloneWithOneNote) {
  const std::vector<RetiredKnob> retired = {{"train.old", "leave it out: it is always on"}};
  const auto of = [&](const std::string& text, const std::vector<std::string>& sets = {}) {
    return resolve_config(text, "c.json", sets, retired);
  };
  const std::string run = R"({"provenance": {}, "train": {"old": true, "lr": 3}})";
  testing::internal::CaptureStderr();
  EXPECT_EQ(of(run).config.train.lr, 3);
  EXPECT_EQ(of(run).wrong.size(), 0u);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "c.json: passed over 'train.old', which is retired\n");
  const std::string text = "'train.old' is retired; leave it out: it is always on";
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, of("{\n\"train\": {\"old\": true}}")), "c.json:2: " + text);
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, of(run, {"train.old=true"})), "--set: " + text);
}

TEST(RetiredKnobs, AreKnobsNoMore) {
  RunConfig config;
  for (const RetiredKnob& retired : retired_knobs()) {
    for (const Knob& knob : knobs(config)) EXPECT_NE(knob.name, retired.name);
    EXPECT_FALSE(retired.advice.empty()) << retired.name;
  }
}

TEST(ResolveConfig, SetWithoutAValueIsAUsageError) {
  EXPECT_EQ(LATENT_MESSAGE_OF(UsageError, resolve("{}", {"train.lr"})),
            "--set takes key=value, not 'train.lr'");
  EXPECT_THROW(resolve("{}", {"=3"}), UsageError);
}

TEST(ReadConfig, NamesTheFileAndTakesAnEmptyPathAsAllDefaults) {
  const TemporaryFolder folder;
  const std::string path = folder.write("c.json", "{\n\"train\": {\"lr\": }}");
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, read_config(path, {}))
                .rfind(path + ":2: not valid JSON", 0),
            0u);
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, read_config(folder.file("no.json"), {})),
            folder.file("no.json") + ": cannot open: No such file or directory");
  EXPECT_EQ(read_config("", {"train.lr=4"}).config.train.lr, 4);
}

}  // namespace
}  // namespace latent
