#include "src/config/diff.h"

#include "src/config/read.h"
#include "tests/support.h"

namespace latent {
namespace {

RunConfig of(const std::vector<std::string>& sets) {
  return resolve_config("{}", "c", sets).config;
}

TEST(ConfigDiff, NamesTheKnobsThatDifferInTheOrderOfHelp) {
  const auto found = config_diff(of({"train.lr=0.5", "eval.k=[5]"}),
                                 of({"data.path=d.csv", "train.lr=0.25", "eval.k=[5]"}));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].knob, "data.path");
  EXPECT_EQ(found[1].knob, "train.lr");
  EXPECT_EQ(found[1].a, 0.5);
  EXPECT_EQ(found[1].b, 0.25);
  EXPECT_EQ(diff_table(found), "data.path  \"\"   \"d.csv\"\ntrain.lr   0.5  0.25\n");
}

TEST(ConfigDiff, ComparesWhatHoldsNotWhatIsWritten) {
  EXPECT_TRUE(config_diff(of({"train.steps=100"}), of({"train.patience=0"})).empty());
  EXPECT_EQ(diff_table({}), "");
  std::vector<std::string> names;
  for (const auto& row : config_diff(of({"model.name=implicit_bpr"}), of({"model.name=ials"})))
    names.push_back(row.knob);
  EXPECT_EQ(names, (std::vector<std::string>{"model.name", "model.factors", "model.init_std",
                                             "train.lambda", "train.lr", "train.epochs"}))
      << "with the models' own defaults";
}

}  // namespace
}  // namespace latent
