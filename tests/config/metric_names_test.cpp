#include "src/config/metric_names.h"

#include "src/config/read.h"
#include "tests/support.h"

namespace latent {
namespace {

std::string main_of(const std::string& model, const std::string& k) {
  return main_metric(
      resolve_config("{}", "c", {"model.name=" + model, "eval.k=" + k}).config);
}

TEST(MainMetric, IsRmseOfRatingsAndNdcgAtTenOrTheNextCutOffOfRankings) {
  EXPECT_EQ(main_of("svd", "[5]"), "rmse");
  EXPECT_EQ(main_of("mean", "[5]"), "rmse");
  EXPECT_EQ(main_of("ials", "[1,10,20]"), "ndcg@10");
  EXPECT_EQ(main_of("bpr", "[50,20]"), "ndcg@20");
  EXPECT_EQ(main_of("bpr", "[1,5]"), "ndcg@5");
}

TEST(IsErrorMetric, HoldsForErrorsAndTheirCompanionsAlone) {
  for (const char* name : {"mse", "rmse", "mae", "rounded_mse", "baseline_mse", "warm_rmse",
                           "warm_rounded_mse"})
    EXPECT_TRUE(is_error_metric(name)) << name;
  for (const char* name : {"auc", "ndcg@10", "popularity_mrr@5", "auc_sampled", "interactions", ""})
    EXPECT_FALSE(is_error_metric(name)) << name;
}

}  // namespace
}  // namespace latent
