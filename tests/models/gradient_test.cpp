// Gradients against finite differences, in double, for every model and both forms.
#include "models/objective.h"
#include "models/registry.h"
#include "src/config/catalog.h"
#include "tests/support.h"

namespace latent {
namespace {

using torch::Tensor;

struct Case {
  std::string model;
  Form form;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const ModelInfo& row : model_catalog()) {
    if (row.trained != Trained::kByGradient) continue;
    for (const Form form : {Form::kPytorch, Form::kTensorflow}) out.push_back({row.name, form});
  }
  return out;
}

class Gradient : public ::testing::TestWithParam<Case> {};

TEST_P(Gradient, OfTheWholeObjectiveIsItsSlope) {
  ModelSpec spec;
  spec.users = 4;
  spec.items = 5;
  spec.factors = 3;
  spec.mean = 3.5;
  spec.init_std = 0.5;
  spec.form = GetParam().form;
  spec.lambda_user_bias = 0.1;
  spec.lambda_item_bias = 0.2;
  spec.lambda_factors = 0.3;
  const auto model = make_gradient_model(GetParam().model, spec);
  model->to(torch::kDouble);
  const Batch batch{torch::tensor({0, 1, 1, 2, 0}, torch::kInt32),
                    torch::tensor({4, 0, 1, 1, 4}, torch::kInt32),
                    torch::tensor({5.0, 3.0, 1.0, 4.0, 2.0}, torch::kDouble),
                    torch::tensor({{0, 3}, {2, 2}, {2, 0}, {3, 4}, {1, 1}}, torch::kInt32)};
  model->loss(batch).backward();
  constexpr double kStep = 1e-6;
  for (const auto& p : model->named_parameters()) {
    const Tensor flat = p.value().data().view(-1);
    const Tensor gradient = p.value().grad().view(-1);
    for (int64_t n = 0; n < flat.numel(); ++n) {
      const double w = flat[n].item<double>();
      flat[n] = w + kStep;
      const double above = model->loss(batch).item<double>();
      flat[n] = w - kStep;
      const double below = model->loss(batch).item<double>();
      flat[n] = w;
      EXPECT_NEAR(gradient[n].item<double>(), (above - below) / (2 * kStep), 1e-7)
          << p.key() << "[" << n << "]";
    }
  }
}

TEST_P(Gradient, OfThePenaltyIsWhatTheOptimizerFoldsIn) {
  ModelSpec spec;
  spec.users = 4;
  spec.items = 5;
  spec.factors = 3;
  spec.form = GetParam().form;
  spec.lambda_user_bias = 0.1;
  spec.lambda_item_bias = 0.2;
  spec.lambda_factors = 0.3;
  const auto model = make_gradient_model(GetParam().model, spec);
  const Tensor reg = model->reg();
  reg.backward();
  double sum = 0;
  for (const Penalty& p : model->penalties()) {
    EXPECT_TRUE(torch::allclose(p.table.grad(), 2 * p.coefficient * p.table));
    sum += p.coefficient * p.table.square().sum().item<double>();
  }
  EXPECT_NEAR(sum, reg.item<double>(), 1e-6 * sum);
}

INSTANTIATE_TEST_SUITE_P(Models, Gradient, ::testing::ValuesIn(cases()), [](const auto& info) {
  return info.param.model + (info.param.form == Form::kPytorch ? "_pytorch" : "_tensorflow");
});

TEST(BprLoss, StaysFiniteForExtremeDifferences) {
  const Tensor far = torch::tensor({500.0f, -500.0f}).requires_grad_();
  const Tensor loss = bpr_loss(far);
  EXPECT_NEAR(loss.item<float>(), 250.0f, 1e-3f);
  loss.backward();
  EXPECT_TRUE(torch::equal(far.grad(), torch::tensor({-0.0f, -0.5f})));
}

TEST(Objectives, EqualTorchsOwn) {
  torch::manual_seed(1);
  const Tensor a = torch::randn({10007}, torch::kDouble), b = torch::randn({10007}, torch::kDouble);
  EXPECT_NEAR(mean_squared_error(a, b).item<double>(), torch::mse_loss(a, b).item<double>(), 1e-12);
  EXPECT_NEAR(bpr_loss(a - b).item<double>(), torch::softplus(b - a).mean().item<double>(), 1e-12);
}

}  // namespace
}  // namespace latent
