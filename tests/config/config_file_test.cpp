#include "src/config/config_file.h"

#include <algorithm>

#include "src/base/error.h"
#include "src/config/complaints.h"
#include "src/config/write.h"
#include "tests/support.h"

namespace latent {
namespace {

/// Configs in a folder of their own, named by their place in it.
class Includes : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(
        std::filesystem::path(folder_.file(name)).parent_path());
    return folder_.write(name, text);
  }
  ResolvedConfig read(const std::string& name, const std::vector<std::string>& sets = {}) {
    return read_config(folder_.file(name), sets);
  }
  /// What reading says, with the folder's name left out.
  std::string error_of(const std::string& name) {
    std::string text = LATENT_MESSAGE_OF(Error, read(name));
    for (size_t at; (at = text.find(folder_.path() + "/")) != std::string::npos;)
      text.erase(at, folder_.path().size() + 1);
    return text;
  }
  /// Of each knob that a file gives: the file's name in the folder, and the line.
  std::string place(const ResolvedConfig& resolved, const std::string& knob) {
    return resolved.places.at(knob).substr(folder_.path().size() + 1);
  }

  TemporaryFolder folder_;
};

TEST_F(Includes, LieUnderTheFileAndAboveTheModelsDefaults) {
  write("base.json", "{\n\"model\": {\"name\": \"svd\", \"factors\": 7},\n\"train.lr\": 0.5}");
  write("c.json", R"({"include": "base.json", "train": {"lr": 0.25}})");
  const ResolvedConfig got = read("c.json", {"train.seed=3"});
  EXPECT_EQ(got.config.model.factors, 7);
  EXPECT_EQ(got.config.train.lr, 0.25);
  EXPECT_EQ(got.config.train.epochs, 100) << "svd's own default";
  EXPECT_EQ(got.sources.at("model.factors"), "include");
  EXPECT_EQ(got.sources.at("train.lr"), "file");
  EXPECT_EQ(place(got, "model.factors"), "base.json:2");
  EXPECT_EQ(place(got, "train.lr"), "c.json:1");
  EXPECT_EQ(got.includes, std::vector<std::string>{folder_.file("base.json")});
  const std::string table = config_table(got);
  EXPECT_NE(table.find("  include " + folder_.file("base.json") + ":2\n"), std::string::npos);
  EXPECT_NE(table.find("  file " + folder_.file("c.json") + ":1\n"), std::string::npos);
}

TEST_F(Includes, OverrideThoseBeforeThemWhereverTheKeyIsWritten) {
  write("a.json", R"({"train": {"lr": 1, "seed": 1}, "split.seed": 1})");
  write("b.json", R"({"train.lr": 2, "split": {"seed": 2}})");
  write("c.json", R"({"split": {"seed": 3}, "include": ["a.json", "b.json"]})");
  const RunConfig config = read("c.json").config;
  EXPECT_EQ(config.train.lr, 2);
  EXPECT_EQ(config.train.seed, 1);
  EXPECT_EQ(config.split.seed, 3);
}

TEST_F(Includes, MayIncludeOthersFromTheirOwnFolder) {
  write("shared/data.json", R"({"data": {"path": "d.csv"}})");
  write("shared/base.json", R"({"include": ["data.json"], "train": {"lr": 2}})");
  write("mine/c.json", R"({"include": "../shared/base.json"})");
  const ResolvedConfig got = read("mine/c.json");
  EXPECT_EQ(got.config.data.path, "d.csv") << "data files start at the working folder, as ever";
  EXPECT_EQ(got.config.train.lr, 2);
  EXPECT_EQ(got.includes.size(), 2u);
  EXPECT_TRUE(got.includes[0].ends_with("shared/data.json")) << "what wins less stands first";
}

TEST_F(Includes, OfOneFileByTwoWaysAreNoCircle) {
  write("low.json", R"({"train": {"lr": 1}})");
  write("a.json", R"({"include": "low.json", "train": {"lr": 2}})");
  write("b.json", R"({"include": "low.json"})");
  write("c.json", R"({"include": ["a.json", "b.json"]})");
  const ResolvedConfig got = read("c.json");
  EXPECT_EQ(got.config.train.lr, 1) << "a file means all that it includes";
  EXPECT_EQ(got.includes.size(), 3u);
}

TEST_F(Includes, InACircleAreRefusedWithTheChain) {
  write("a.json", "{\n\"include\": \"b.json\"}");
  write("b.json", "{\n\n\"include\": [\"c.json\"]}");
  write("c.json", R"({"include": "./b.json"})");
  write("self.json", R"({"include": "self.json"})");
  EXPECT_EQ(error_of("a.json"),
            "c.json:1: 'include' goes in a circle: b.json -> c.json -> b.json; take one of them "
            "out");
  EXPECT_EQ(error_of("self.json"),
            "self.json:1: 'include' goes in a circle: self.json -> self.json; take one of them "
            "out");
}

TEST_F(Includes, ThatDoubleWithoutEndAreRefused) {
  for (int n = 0; n < 40; ++n) {
    const std::string next = "\"" + std::to_string(n + 1) + ".json\"";
    write(std::to_string(n) + ".json", "{\"include\": [" + next + ", " + next + "]}");
  }
  write("40.json", "{}");
  EXPECT_NE(error_of("0.json").find(": more than 256 files are included"), std::string::npos);
}

TEST_F(Includes, ThatCannotBeReadAreNamedWithWhoWantsThem) {
  write("none.json", "{\n\"include\": \"gone.json\"}");
  EXPECT_EQ(error_of("none.json"),
            "none.json:2: 'include': gone.json: cannot open: No such file or directory");
  write("bad.json", "{\n\"train\": {\"lr\": }}");
  write("c.json", R"({"include": "bad.json"})");
  EXPECT_TRUE(error_of("c.json").starts_with("bad.json:2: not valid JSON: "));
  write("bad.json", "[1]");
  EXPECT_TRUE(error_of("c.json").starts_with("bad.json: a config is one JSON object"));
  write("bad.json", "{\n\"train\": {\"lamda\": 1, \"lr\": -1}}");
  EXPECT_EQ(error_of("c.json"),
            "bad.json:2: unknown key 'train.lamda'; did you mean 'train.lambda'?\n"
            "bad.json:2: 'train.lr' must be above 0.0, not -1");
}

TEST_F(Includes, AreFilesNamesAndNothingElse) {
  for (const auto& [value, shown] : std::vector<std::pair<std::string, std::string>>{
           {"5", "5"}, {"[\"a.json\", 1]", "[\"a.json\",1]"}, {"{\"a\": 1}", "{\"a\":1}"},
           {"null", "null"}}) {
    write("c.json", "{\"include\": " + value + "}");
    EXPECT_EQ(error_of("c.json"),
              "c.json:1: 'include' must be a file's name or a list of them, not " + shown);
  }
  write("c.json", R"({"include": ""})");
  EXPECT_EQ(error_of("c.json"), "c.json:1: 'include' names no file");
  write("c.json", R"({"include": []})");
  EXPECT_TRUE(read("c.json").includes.empty());
  write("c.json", R"({"train": {"include": "a.json"}})");
  EXPECT_TRUE(error_of("c.json").starts_with("c.json:1: unknown key 'train.include'"));
}

TEST_F(Includes, MayHoldKnobsThatTheChosenModelNeverReads) {
  write("base.json", R"({"train": {"lambda": 0.5, "batch_size": 7}})");
  write("c.json", R"({"include": "base.json", "model": {"name": "ials"}})");
  EXPECT_TRUE(unread_knobs(read("c.json")).empty());
  EXPECT_EQ(unread_knobs(read("c.json", {"train.lambda=0.25"})).size(), 1u);
  write("c.json", R"({"include": "base.json", "model": {"name": "ials"}, "train": {"lambda": 1}})");
  const Complaints found = unread_knobs(read("c.json"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].knob, "train.lambda");
}

TEST_F(Includes, YieldTheirLengthToALaterOne) {
  write("base.json", R"({"train": {"steps": 9}})");
  write("other.json", R"({"train": {"epochs": 4}})");
  write("c.json", R"({"include": "base.json", "train": {"epochs": 2}})");
  EXPECT_EQ(read("c.json").config.train.steps, 0);
  EXPECT_EQ(read("c.json").config.train.epochs, 2);
  write("c.json", R"({"include": ["base.json", "other.json"]})");
  EXPECT_EQ(read("c.json").config.train.epochs, 4);
  EXPECT_EQ(read("c.json", {"train.steps=3"}).config.train.steps, 3);
  write("c.json", R"({"include": "base.json"})");
  EXPECT_EQ(read("c.json").config.train.steps, 9);
  write("base.json", R"({"train": {"steps": 9, "epochs": 2}})");
  EXPECT_NE(error_of("c.json").find("are both given; keep one"), std::string::npos);
}

TEST_F(Includes, OfARunsConfigTakeItsValuesAndItsPaths) {
  write("data/d.csv", "u,i,1\n");
  write("run/config.json",
        R"({"data": {"path": "d.csv", "titles": {"path": "${X}"}}, "provenance": {"folder": ")" +
            folder_.file("data") + R"("}, "read_as": {"format": "csv"}})");
  write("c.json", R"({"include": "run/config.json"})");
  const ResolvedConfig got = read("c.json", {"data.test_path=t.csv"});
  EXPECT_EQ(got.config.data.path, folder_.file("data/d.csv"));
  EXPECT_EQ(got.config.data.titles.path, folder_.file("data/${X}")) << "already resolved";
  EXPECT_EQ(got.config.data.test_path, "t.csv");
  EXPECT_EQ(got.sources.at("data.path"), "include");
}

TEST(ConfigFiles, PassOverTheSchemaOfEditors) {
  const auto files = config_files(R"({"$schema": "s.json", "train": {"lr": 3}})", "c.json");
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].assignments, (std::vector<Assignment>{{"train.lr", 3}}));
}

}  // namespace
}  // namespace latent
