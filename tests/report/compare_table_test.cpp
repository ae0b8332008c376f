#include "src/report/compare_table.h"

#include <gtest/gtest.h>

namespace latent {
namespace {

using nlohmann::ordered_json;

ordered_json metric(double mean, const ordered_json& sd, bool reference,
                    const ordered_json& difference) {
  return {{"mean", mean},           {"sd", sd},           {"values", {mean}},
          {"reference", reference}, {"winner", reference}, {"difference", difference}};
}

ordered_json row(const std::string& name, const ordered_json& figure) {
  return {{"name", name},
          {"model", "svd"},
          {"n", 2},
          {"knobs", {{"train.lr", 0.1}}},
          {"metrics", {{"ndcg@10", figure}}},
          {"seconds", 1.5},
          {"peak_memory_bytes", nullptr},
          {"parameters", 1200},
          {"list_milliseconds", nullptr}};
}

ordered_json comparison() {
  const ordered_json difference = {{"mean", -0.0123},  {"interval", {-0.02, -0.005}},
                                   {"users", 40},      {"p", 1e-9},
                                   {"p_holm", 2e-9},   {"rank_biserial", -0.25},
                                   {"verdict", "worse"}};
  return {{"metrics", {"ndcg@10"}},
          {"sampled", true},
          {"rows",
           {row("runs/a", metric(0.25, 0.001, true, nullptr)),
            row("runs/b\n", metric(0.2377, nullptr, false, difference))}}};
}

TEST(CompareTable, PutsFiguresUnderOneAnotherAndMarksTheWinner) {
  EXPECT_EQ(compare_table(comparison()),
            "ndcg@10 (sampled), 40 users\n"
            "   run      model  seeds  mean ± sd        difference  95 % interval       p (Holm)  "
            "rank-biserial\n"
            "*  runs/a   svd    2      0.2500 ± 0.0010  reference\n"
            "   runs/b?  svd    2      0.2377           -0.0123     [-0.0200, -0.0050]  <0.0001   "
            "-0.25          worse\n"
            "\n"
            "costs, means over seeds\n"
            "  run      training  peak memory  parameters  a list of 10  knobs that differ\n"
            "  runs/a   1.50 s    -            1200        -             train.lr=0.1\n"
            "  runs/b?  1.50 s    -            1200        -             train.lr=0.1\n");
}

TEST(CompareTable, HasNoColumnsOfDifferencesWhereNothingIsTested) {
  ordered_json untested = comparison();
  for (ordered_json& one : untested["rows"]) {
    one["metrics"]["ndcg@10"]["difference"] = nullptr;
    one["metrics"]["ndcg@10"]["reference"] = false;
  }
  const std::string text = compare_table(untested);
  EXPECT_TRUE(text.starts_with("ndcg@10 (sampled)\n")) << text;
  EXPECT_EQ(text.find("p (Holm)"), std::string::npos);
}

TEST(CompareCsv, QuotesNamesAndLeavesOutWhatIsNotThere) {
  const std::string text = compare_csv(comparison());
  EXPECT_NE(text.find("\nruns/a,svd,2,ndcg@10,0.25,0.001,true,true,,,,,,,,,1.5,,1200,\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\n\"runs/b\n\",svd,2,ndcg@10,0.2377,,false,false,-0.0123,-0.02,-0.005,40,"),
            std::string::npos)
      << text;
}

TEST(CompareLatex, EscapesWhatLatexTakesForItsOwn) {
  ordered_json odd = comparison();
  odd["rows"][0]["name"] = "a_b&c%d\\e~f";
  const std::string text = compare_latex(odd);
  EXPECT_NE(text.find("a\\_b\\&c\\%d\\textbackslash{}e\\~{}f & svd & 2 & \\boldmath$0.2500 \\pm "
                      "0.0010$\\unboldmath"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("$0.2377$$^\\dagger$"), std::string::npos) << text;
}

}  // namespace
}  // namespace latent
