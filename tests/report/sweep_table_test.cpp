#include "src/report/sweep_table.h"

#include <gtest/gtest.h>

namespace latent {
namespace {

using nlohmann::ordered_json;

ordered_json sweep() {
  return ordered_json::parse(R"({"metric": "ndcg@10", "knobs": ["model.name", "train.lr"], "trials": [
      {"trial": 7, "state": "finished", "rung": 3, "best_rung": 2, "value": 0.31234, "sd": 0.00123,
       "tuned": {"model.name": "svd", "train.lr": 0.0125}},
      {"trial": 0, "state": "stopped", "rung": 1, "best_rung": 1, "value": 0.2, "sd": null,
       "tuned": {"model.name": "ials"}},
      {"trial": 3, "state": "failed", "rung": 1, "best_rung": null, "value": null, "sd": null,
       "tuned": {"model.name": "svd", "train.lr": 100}, "error": "epoch 1: not finite"}]})");
}

TEST(SweepTable, HasTheMetricBesideTheTunedValuesAndTheErrorOfAFailedTrial) {
  EXPECT_EQ(sweep_table(sweep()),
            "trial    valid ndcg@10        rung  model.name  train.lr\n"
            "    7  0.3123 ± 0.0012  3 (best 2)         svd    0.0125\n"
            "    0           0.2000           1        ials         -\n"
            "    3           failed           1         svd       100  epoch 1: not finite\n");
}

TEST(SweepTable, CountsTheTrialsThatItLeavesOut) {
  EXPECT_TRUE(sweep_table(sweep(), 1).ends_with("0.0125\nand 2 more in sweep.csv\n"));
}

TEST(WinnersTable, HasValidationAndTestOfEachWinnerWithItsTunedValues) {
  const auto sweeps = ordered_json::parse(R"({"metric": "ndcg@10", "winners": [
      {"name": "ials", "trials": 9, "value": 0.31234, "sd": 0.00123,
       "test": {"ndcg@10": {"mean": 0.3, "sd": 0.002}}, "tuned": {"model.name": "ials", "ials.reg": 0.0125}},
      {"name": "popularity", "trials": 1, "value": 0.1, "sd": null,
       "test": {"ndcg@10": {"mean": 0.09, "sd": null}}, "tuned": {"model.name": "popularity"}}]})");
  EXPECT_EQ(winners_table(sweeps),
            "    winner    valid ndcg@10     test ndcg@10  trials\n"
            "      ials  0.3123 ± 0.0012  0.3000 ± 0.0020       9  ials.reg=0.0125\n"
            "popularity           0.1000           0.0900       1\n");
}

}  // namespace
}  // namespace latent
