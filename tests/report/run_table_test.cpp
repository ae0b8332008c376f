#include "src/report/run_table.h"

#include "tests/support.h"

namespace latent {
namespace {

using nlohmann::ordered_json;

ordered_json runs_of_two_models() {
  return ordered_json::parse(R"({
    "knobs": ["train.lr", "eval.k"], "metrics": ["rmse", "ndcg@10"],
    "runs": [
      {"name": "a", "when": "2026-11-26T15:41:07Z", "model": "svd",
       "knobs": {"train.lr": 0.5, "eval.k": [5]}, "metrics": {"rmse": 0.98765, "ndcg@10": null},
       "finished": true},
      {"name": "späte", "when": "2026-11-26T15:42:00Z", "model": "ials",
       "knobs": {"eval.k": [5, 10]}, "metrics": {"rmse": null, "ndcg@10": 0.25},
       "finished": false, "step": 7},
      {"name": "torn\n", "when": "2026-11-26T15:43:00Z", "error": "torn: \"x\", damaged"}]})");
}

TEST(RunTable, HasALineForEachRunWithColumnsBelowEachOther) {
  EXPECT_EQ(run_table(runs_of_two_models()),
            "run    model  train.lr  eval.k    rmse  ndcg@10  when (UTC)        state\n"
            "a      svd    0.5       [5]     0.9877        -  2026-11-26 15:41  finished\n"
            "späte  ials   -         [5,10]       -   0.2500  2026-11-26 15:42  at step 7\n"
            "torn?  -      -         -            -        -  2026-11-26 15:43  "
            "torn: \"x\", damaged\n");
}

TEST(RunTable, IsEmptyWithoutRuns) {
  const ordered_json none = ordered_json::parse(R"({"knobs": [], "metrics": [], "runs": []})");
  EXPECT_EQ(run_table(none), "");
  EXPECT_EQ(run_csv(none), "run,model,when,finished,step,error\n");
}

TEST(RunCsv, QuotesWhatHoldsCommasQuotesOrLineBreaksAndKeepsFiguresInFull) {
  EXPECT_EQ(run_csv(runs_of_two_models()),
            "run,model,train.lr,eval.k,rmse,ndcg@10,when,finished,step,error\n"
            "a,svd,0.5,[5],0.98765,,2026-11-26T15:41:07Z,true,,\n"
            "späte,ials,,\"[5,10]\",,0.25,2026-11-26T15:42:00Z,false,7,\n"
            "\"torn\n\",,,,,,2026-11-26T15:43:00Z,,,\"torn: \"\"x\"\", damaged\"\n");
}

}  // namespace
}  // namespace latent
