// The fused losses against data_loss(), the modules' own forward() and autograd, over the
// catalogue.
#include "src/train/fused_loss.h"

#include "models/registry.h"
#include "src/base/parallel.h"
#include "src/config/catalog.h"
#include "tests/support.h"

namespace latent {
namespace {

using torch::Tensor;

struct Case {
  std::string model;
  int64_t factors;
  Form form;
  torch::Dtype type;
};

/// Every model of the catalogue with a form to fuse, with K inside and around the kernels'
/// constants.
std::vector<Case> cases() {
  std::vector<Case> out;
  for (const ModelInfo& info : model_catalog()) {
    if (info.trained != Trained::kByGradient) continue;
    ModelSpec tiny;
    tiny.users = tiny.items = tiny.factors = 1;
    if (!make_gradient_model(info.name, tiny)->loss_form()) continue;
    for (const int64_t factors : {1, 3, 5, 10, 19, 64}) {
      if (!info.has_factors && factors > 1) continue;
      for (const Form form : {Form::kPytorch, Form::kTensorflow}) {
        for (const torch::Dtype type : {torch::kFloat, torch::kDouble, torch::kBFloat16}) {
          if (type == torch::kBFloat16 && !info.has_factors) continue;  // of the factors alone
          out.push_back({info.name, factors, form, type});
        }
      }
    }
  }
  return out;
}

class FusedLossOfAModel : public testing::TestWithParam<Case> {
 protected:
  std::shared_ptr<GradientModelImpl> make() const {
    ModelSpec spec;
    spec.users = 300;
    spec.items = 500;
    spec.factors = GetParam().factors;
    spec.mean = 3.5;
    spec.init_std = 0.3;
    spec.form = GetParam().form;
    spec.in_bfloat16 = GetParam().type == torch::kBFloat16;
    auto model = make_gradient_model(GetParam().model, spec);
    if (!spec.in_bfloat16) model->to(GetParam().type);
    return model;
  }
  bool pairwise() const { return model_info(GetParam().model).task == Task::kRanking; }

  Batch batch(int64_t size) const {
    torch::manual_seed(4);
    const auto ids = [&](int64_t n) { return torch::randint(n, {size}, torch::kInt32); };
    Batch out{ids(300), ids(500), {}, {}};
    if (pairwise()) {
      out.negatives = ids(500).unsqueeze(1);
    } else {
      out.ratings = torch::randint(6, {size}, torch::kFloat32);
    }
    return out;
  }

  std::vector<Tensor> gradients(const std::shared_ptr<GradientModelImpl>& model) const {
    std::vector<Tensor> out;
    for (const Tensor& p : model->parameters()) out.push_back(p.grad().clone());
    return out;
  }
};

TEST_P(FusedLossOfAModel, IsThatOfForwardAndSoAreItsGradients) {
  for (const int64_t size : {1, 33, 20000}) {
    const auto fused = make(), plain = make();
    ASSERT_TRUE(can_fuse(*fused));
    const Batch b = batch(size);
    const FusedLoss ours(*fused, b);
    const Tensor theirs = plain->data_loss(b);
    ours.backward();
    theirs.backward();
    EXPECT_NEAR(ours.value(), theirs.item<double>(), 2e-6 * theirs.item<double>());
    for (size_t n = 0; n < fused->parameters().size(); ++n) {
      const Tensor a = fused->parameters()[n].grad(), e = plain->parameters()[n].grad();
      EXPECT_LT((a - e).abs().max().item<double>(), 1e-5 * e.abs().max().item<double>()) << n;
    }
  }
}

TEST_P(FusedLossOfAModel, HasTheSameBitsForAnyNumberOfThreads) {
  std::vector<std::vector<Tensor>> results;
  std::vector<double> losses;
  for (const int threads : {1, 2, 3}) {
    set_default_threads(threads);
    const auto model = make();
    const FusedLoss loss(*model, batch(30000));
    loss.backward();
    losses.push_back(loss.value());
    results.push_back(gradients(model));
  }
  set_default_threads(0);
  for (size_t n = 1; n < results.size(); ++n) {
    EXPECT_EQ(losses[n], losses[0]);
    for (size_t p = 0; p < results[0].size(); ++p)
      EXPECT_TRUE(torch::equal(results[n][p], results[0][p])) << p;
  }
}

TEST_P(FusedLossOfAModel, AddsToTheGradientsThatAreThereTimesTheFactor) {
  const auto model = make();
  const FusedLoss loss(*model, batch(100));
  loss.backward();
  const auto once = gradients(model);
  loss.backward(3);
  const auto thrice = gradients(model);
  for (size_t n = 0; n < once.size(); ++n)
    EXPECT_TRUE(torch::allclose(thrice[n], 4 * once[n], 1e-5, 1e-7)) << n;
}

INSTANTIATE_TEST_SUITE_P(Models, FusedLossOfAModel, testing::ValuesIn(cases()),
                         [](const auto& info) {
                           const Case& c = info.param;
                           return c.model + "_" + std::to_string(c.factors) +
                                  (c.form == Form::kPytorch ? "_pytorch" : "_tensorflow") +
                                  (c.type == torch::kFloat    ? "_float"
                                   : c.type == torch::kDouble ? "_double"
                                                              : "_bfloat16");
                         });

TEST(FusedLossOfAnyBatch, IsTheSameWhateverTheOrderThatItComesIn) {
  ModelSpec spec;
  spec.users = 7;
  spec.items = 9;
  spec.factors = 4;
  const auto model = make_gradient_model("latent_factor", spec);
  const Batch b{torch::tensor({6, 0, 3, 0}, torch::kInt32),
                torch::tensor({8, 8, 1, 2}, torch::kInt32),
                torch::tensor({1.0f, 5.0f, 3.0f, 2.0f}),
                {}};
  const OrderedBatch sorted = in_user_order(b);
  EXPECT_TRUE(torch::equal(sorted.users, torch::tensor({0, 0, 3, 6}, torch::kInt32)));
  EXPECT_TRUE(torch::equal(sorted.ratings, torch::tensor({5.0f, 2.0f, 3.0f, 1.0f})));
  EXPECT_EQ(FusedLoss(*model, b).value(), FusedLoss(*model, sorted).value());
}

}  // namespace
}  // namespace latent
