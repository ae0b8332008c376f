// The fused losses against the modules' own forward() and autograd.
#include "models/pair_loss.h"

#include "models/objective.h"
#include "models/registry.h"
#include "src/base/parallel.h"
#include "tests/support.h"

namespace latent {
namespace {

using torch::Tensor;

struct Case {
  const char* model;
  int64_t factors;
};

class FusedLoss : public testing::TestWithParam<Case> {
 protected:
  Recommender make() const {
    ModelSpec spec;
    spec.users = 300;
    spec.items = 500;
    spec.factors = GetParam().factors;
    spec.mean = 3.5;
    spec.init_std = 0.3;
    return make_model(GetParam().model, spec);
  }
  bool pairwise() const { return GetParam().model == std::string("bpr"); }

  Batch batch(int64_t size) const {
    torch::manual_seed(4);
    const auto ids = [&](int64_t n) { return torch::randint(n, {size}, torch::kInt32); };
    Batch out{ids(300), ids(500), {}, {}};
    if (pairwise()) {
      out.negatives = ids(500);
    } else {
      out.ratings = torch::randint(6, {size}, torch::kFloat32);
    }
    return out;
  }

  std::vector<Tensor> gradients(const Recommender& model) const {
    std::vector<Tensor> out;
    for (const Tensor& p : model->parameters()) out.push_back(p.grad().clone());
    return out;
  }
};

TEST_P(FusedLoss, IsThatOfForwardAndSoAreItsGradients) {
  for (const int64_t size : {1, 33, 20000}) {
    const Recommender fused = make(), plain = make();
    const Batch b = batch(size);
    const Tensor ours = fused->data_loss(b);
    const Tensor score = plain->forward(b.users, b.items);
    const Tensor theirs = pairwise() ? bpr_loss(score - plain->forward(b.users, b.negatives))
                                     : torch::mse_loss(score, b.ratings);
    ours.backward();
    theirs.backward();
    EXPECT_NEAR(ours.item<double>(), theirs.item<double>(), 2e-6 * theirs.item<double>());
    for (size_t n = 0; n < fused->parameters().size(); ++n) {
      const Tensor a = fused->parameters()[n].grad(), e = plain->parameters()[n].grad();
      EXPECT_LT((a - e).abs().max().item<double>(), 1e-5 * e.abs().max().item<double>()) << n;
    }
  }
}

TEST_P(FusedLoss, HasTheSameBitsForAnyNumberOfThreads) {
  std::vector<std::vector<Tensor>> results;
  std::vector<float> losses;
  for (const int threads : {1, 2, 3}) {
    set_default_threads(threads);
    const Recommender model = make();
    const Tensor loss = model->data_loss(batch(30000));
    loss.backward();
    losses.push_back(loss.item<float>());
    results.push_back(gradients(model));
  }
  set_default_threads(0);
  for (size_t n = 1; n < results.size(); ++n) {
    EXPECT_EQ(losses[n], losses[0]);
    for (size_t p = 0; p < results[0].size(); ++p)
      EXPECT_TRUE(torch::equal(results[n][p], results[0][p])) << p;
  }
}

TEST_P(FusedLoss, AddsToTheGradientsThatAreThereTimesTheUpstreamOne) {
  const Recommender model = make();
  const Batch b = batch(100);
  model->data_loss(b).backward();
  const auto once = gradients(model);
  (3 * model->data_loss(b)).backward();
  const auto thrice = gradients(model);
  for (size_t n = 0; n < once.size(); ++n)
    EXPECT_TRUE(torch::allclose(thrice[n], 4 * once[n], 1e-5, 1e-7)) << n;
}

INSTANTIATE_TEST_SUITE_P(Models, FusedLoss,
                         testing::Values(Case{"bias_only", 1}, Case{"latent_factor", 3},
                                         Case{"latent_factor", 5}, Case{"latent_factor", 64},
                                         Case{"bpr", 5}, Case{"bpr", 10}, Case{"bpr", 19}),
                         [](const auto& info) {
                           return info.param.model + std::string("_") + std::to_string(info.param.factors);
                         });

}  // namespace
}  // namespace latent
