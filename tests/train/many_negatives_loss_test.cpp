// The fused losses of model.name = mf against data_loss(), the module's own forward and autograd.
#include "src/train/many_negatives_loss.h"

#include "src/base/parallel.h"
#include "tests/support.h"

namespace latent {
namespace {

using torch::Tensor;

struct Case {
  std::string loss, score;
  bool shared, bias;
  int64_t factors;
  bool in_bfloat16 = false;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const char* loss : {"mse", "bce", "bpr", "hinge", "softmax", "bsl", "sl_at_k", "ccl"}) {
    for (const bool shared : {true, false}) {
      for (const int64_t factors : {5, 64}) {
        out.push_back({loss, "cosine", shared, false, factors});
        out.push_back({loss, "dot", shared, factors == 5, factors});
        const bool dot = factors == 64;
        out.push_back({loss, dot ? "dot" : "cosine", shared, dot, factors, /*in_bfloat16=*/true});
      }
    }
  }
  return out;
}

constexpr int64_t kUsers = 90, kItems = 130;

class FusedManyNegatives : public testing::TestWithParam<Case> {
 protected:
  std::shared_ptr<MfImpl> make() const {
    ModelSpec spec;
    spec.users = kUsers;
    spec.items = kItems;
    spec.factors = GetParam().factors;
    spec.init_std = 0.3;
    spec.mf.loss = GetParam().loss;
    spec.mf.score = GetParam().score;
    spec.mf.bias = GetParam().bias;
    spec.mf.tau = 0.2;
    spec.mf.margin = 0.05;
    spec.mf.negative_weight = 3;
    spec.in_bfloat16 = GetParam().in_bfloat16;
    auto model = std::make_shared<MfImpl>(spec);
    if (model->thresholds().defined()) model->thresholds().uniform_(-0.5, 0.5);
    return model;
  }

  /// With everything that a batch may have, where `full`.
  Batch batch(int64_t size, int64_t negatives, bool full) const {
    torch::manual_seed(4);
    const auto ids = [&](at::IntArrayRef shape, int64_t below) {
      return torch::randint(below, shape, torch::kInt32);
    };
    const bool shared = GetParam().shared;
    Batch out{ids({size}, kUsers), ids({size}, kItems), {}, {}};
    out.negatives = shared ? ids({negatives}, kItems) : ids({size, negatives}, kItems);
    if (!full) return out;
    out.log_weights = 0.5 * torch::randn_like(out.negatives, torch::kFloat32);
    out.user_scale = torch::randint(3, {size, GetParam().factors}, torch::kFloat32) + 0.5;
    if (!shared) return out;
    Tensor without = torch::rand({size, negatives}).lt(0.1);
    without[size / 2].fill_(true);  // one sample has no negatives at all
    out.excluded = without.view(-1).nonzero().view(-1);
    return out;
  }
};

TEST_P(FusedManyNegatives, AreThoseOfForwardAndSoAreTheirGradients) {
  for (const int64_t size : {1, 33, 700}) {
    for (const bool full : {false, true}) {
      const auto fused = make(), plain = make();
      plain->thresholds() = fused->thresholds();
      const Batch b = batch(size, GetParam().shared ? 50 : 7, full);
      ManyNegativesLoss ours(*fused);
      const double value = ours.value(b);
      const Tensor theirs = plain->data_loss(b);
      ours.backward();
      theirs.backward();
      EXPECT_NEAR(value, theirs.item<double>(), 1e-5 * (1 + std::abs(theirs.item<double>())));
      for (size_t n = 0; n < fused->parameters().size(); ++n) {
        const Tensor a = fused->parameters()[n].grad(), e = plain->parameters()[n].grad();
        EXPECT_LT((a - e).abs().max().item<double>(),
                  3e-5 * e.abs().max().item<double>() + 1e-9)
            << "table " << n << ", " << size << " samples";
      }
    }
  }
}

TEST_P(FusedManyNegatives, HaveTheSameBitsForAnyNumberOfThreads) {
  std::vector<double> losses;
  std::vector<std::vector<Tensor>> gradients;
  torch::manual_seed(9);
  const auto model = make();
  const Batch b = batch(1500, GetParam().shared ? 200 : 9, true);
  for (const int threads : {1, 2, 3}) {
    set_default_threads(threads);
    model->zero_grad();
    ManyNegativesLoss loss(*model);
    losses.push_back(loss.value(b));
    loss.backward();
    gradients.emplace_back();
    for (const Tensor& p : model->parameters()) gradients.back().push_back(p.grad().clone());
  }
  set_default_threads(0);
  for (size_t n = 1; n < losses.size(); ++n) {
    EXPECT_EQ(losses[n], losses[0]);
    for (size_t p = 0; p < gradients[0].size(); ++p)
      EXPECT_TRUE(torch::equal(gradients[n][p], gradients[0][p])) << p;
  }
}

TEST_P(FusedManyNegatives, AddToTheGradientsThatAreThereTimesTheFactor) {
  const auto model = make();
  ManyNegativesLoss loss(*model);
  loss.value(batch(100, 12, true));
  loss.backward();
  std::vector<Tensor> once;
  for (const Tensor& p : model->parameters()) once.push_back(p.grad().clone());
  loss.backward(3);
  for (size_t n = 0; n < once.size(); ++n)
    EXPECT_TRUE(torch::allclose(model->parameters()[n].grad(), 4 * once[n], 1e-5, 1e-6)) << n;
}

INSTANTIATE_TEST_SUITE_P(Losses, FusedManyNegatives, testing::ValuesIn(cases()),
                         [](const auto& info) {
                           const Case& c = info.param;
                           return c.loss + "_" + c.score + (c.shared ? "_shared" : "_own") +
                                  (c.bias ? "_biased" : "") + "_" + std::to_string(c.factors) +
                                  (c.in_bfloat16 ? "_bfloat16" : "");
                         });

}  // namespace
}  // namespace latent
