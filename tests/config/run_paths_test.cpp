#include "src/config/run_paths.h"

#include <algorithm>

#include "tests/support.h"

namespace latent {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// The working folder while it lives.
class WorkingFolder {
 public:
  explicit WorkingFolder(const std::string& folder) : before_(fs::current_path()) {
    fs::current_path(folder);
  }
  ~WorkingFolder() { fs::current_path(before_); }

 private:
  fs::path before_;
};

/// A run's config as it is read back, from the folder of the run (`record`: as it was recorded).
RunConfig of_run(const json& data, const json& record, const std::vector<std::string>& sets = {}) {
  json provenance = {{"program", "latent"}};
  if (!record.is_null()) provenance["folder"] = record;
  const json tree = {{"data", data}, {"provenance", provenance}};
  return resolve_config(tree.dump(), "run/config.json", sets).config;
}

TEST(PathKnobs, AreKnobsThatHoldText) {
  RunConfig config;
  const std::vector<Knob> rows = knobs(config);
  for (const std::string& name : path_knobs()) {
    const auto at = std::ranges::find(rows, name, &Knob::name);
    ASSERT_NE(at, rows.end()) << name;
    EXPECT_TRUE(std::holds_alternative<std::string*>(at->target)) << name;
  }
}

TEST(PathKnobs, AreAllThatTheirNamesSay) {
  RunConfig config;
  for (const Knob& knob : knobs(config)) {
    if (knob.name.ends_with("path") || knob.name.ends_with("_dir"))
      EXPECT_EQ(std::ranges::count(path_knobs(), knob.name), 1) << knob.name;
  }
}

TEST(PathsOfARun, StartWhereItWasTrained) {
  const TemporaryFolder home, elsewhere;
  home.write("d.csv", "u,i,1\n");
  const WorkingFolder here(elsewhere.path());
  const RunConfig config = of_run({{"path", "d.csv"},
                                   {"test_path", "./parts/../t.csv"},
                                   {"valid_path", "/v.csv"},
                                   {"cache_dir", "cache"},
                                   {"titles", {{"path", "t/u.item"}}}},
                                  home.path());
  EXPECT_EQ(config.data.path, home.file("d.csv"));
  EXPECT_EQ(config.data.test_path, home.file("t.csv"));
  EXPECT_EQ(config.data.valid_path, "/v.csv");
  EXPECT_EQ(config.data.cache_dir, home.file("cache"));
  EXPECT_EQ(config.data.titles.path, home.file("t/u.item"));
  EXPECT_EQ(config.model.init_path, "");
}

TEST(PathsOfARun, StandAsGivenInTheFolderOfTheRunAndWithoutARecord) {
  const TemporaryFolder home;
  const WorkingFolder here(home.path());
  for (const json& record : {json(working_folder()), json(nullptr), json(""), json(7)})
    EXPECT_EQ(of_run({{"path", "d.csv"}}, record).data.path, "d.csv") << record;
}

TEST(PathsOfARun, AreThoseHereWhereTheFolderWasMoved) {
  const TemporaryFolder moved;
  moved.write("d.csv", "u,i,1\n");
  const WorkingFolder here(moved.path());
  EXPECT_EQ(of_run({{"path", "d.csv"}}, moved.file("gone")).data.path, "d.csv");
  EXPECT_EQ(of_run({{"path", "no.csv"}}, moved.file("gone")).data.path, moved.file("gone/no.csv"))
      << "the message about a missing file names where it was";
}

TEST(PathsOfARun, DoNotMoveWordsNorWhatTheCommandLineGives) {
  const TemporaryFolder home, elsewhere;
  const WorkingFolder here(elsewhere.path());
  const RunConfig config =
      of_run({{"path", "-"}, {"cache_dir", "none"}}, home.path(), {"data.titles.path=t.csv"});
  EXPECT_EQ(config.data.path, "-");
  EXPECT_EQ(config.data.cache_dir, "none");
  EXPECT_EQ(config.data.titles.path, "t.csv");
}

TEST(PathsOfAConfig, StartHere) {
  const TemporaryFolder elsewhere;
  const WorkingFolder here(elsewhere.path());
  EXPECT_EQ(resolve_config(R"({"data": {"path": "d.csv"}})", "c.json", {}).config.data.path,
            "d.csv");
}

TEST(PathsOfAConfig, AreTheRunsWhereItNamesTheSame) {
  const json written = {{"data", {{"path", "d.csv"}, {"test_path", "t.csv"}}}};
  ResolvedConfig run = resolve_config(written.dump(), "run/config.json", {});
  run.config.data.path = "/elsewhere/d.csv";
  run.config.data.test_path = "/elsewhere/t.csv";
  ResolvedConfig config = resolve_config(written.dump(), "c.json", {"data.test_path=t.csv"});
  keep_paths_of_run(run, written, config);
  EXPECT_EQ(config.config.data.path, "/elsewhere/d.csv");
  EXPECT_EQ(config.config.data.test_path, "t.csv") << "--set means this folder";
}

}  // namespace
}  // namespace latent
