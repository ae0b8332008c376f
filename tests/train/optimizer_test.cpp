// Optimizers against torch's own and against the formulas.
#include "models/registry.h"
#include "src/train/optimizer.h"
#include "tests/support.h"

namespace latent {
namespace {

using torch::Tensor;

Recommender small_model(Form form) {
  ModelSpec spec;
  spec.users = 50;
  spec.items = 40;
  spec.factors = 4;
  spec.init_std = 0.1;
  spec.form = form;
  spec.lambda_user_bias = spec.lambda_item_bias = spec.lambda_factors = 0.01;
  return make_model("latent_factor", spec);
}

/// Runs `steps` updates with made-up gradients on ours and on torch's optimizer over a copy; the largest difference.
template <typename TorchOptimizer, typename Options>
double difference_from(OptimizerKind kind, Options options) {
  const Recommender model = small_model(Form::kPytorch), copy = small_model(Form::kPytorch);
  Optimizer ours(*model, kind, options.lr());
  TorchOptimizer theirs(copy->parameters(), options);
  torch::manual_seed(3);
  for (int step = 0; step < 5; ++step) {
    for (size_t n = 0; n < model->parameters().size(); ++n) {
      const Tensor g = torch::randn_like(model->parameters()[n]);
      model->parameters()[n].mutable_grad() = g;
      copy->parameters()[n].mutable_grad() = g.clone();
    }
    for (const Penalty& p : copy->penalties()) p.table.grad().add_(p.table.detach(), 2 * p.coefficient);
    ours.step();
    theirs.step();
  }
  double worst = 0;
  for (size_t n = 0; n < model->parameters().size(); ++n) {
    worst = std::max(worst, (model->parameters()[n] - copy->parameters()[n]).abs().max().item<double>());
  }
  return worst;
}

TEST(Adam, EqualsTorchsWithThePenaltyInTheGradient) {
  EXPECT_LT(difference_from<torch::optim::Adam>(OptimizerKind::kAdam, torch::optim::AdamOptions(0.1)), 1e-6);
}

TEST(Sgd, EqualsTorchsWithThePenaltyInTheGradient) {
  EXPECT_LT(difference_from<torch::optim::SGD>(OptimizerKind::kSgd, torch::optim::SGDOptions(0.1)), 1e-6);
}

TEST(Adagrad, EqualsTorchsWithThePenaltyInTheGradient) {
  EXPECT_LT(difference_from<torch::optim::Adagrad>(OptimizerKind::kAdagrad, torch::optim::AdagradOptions(0.1)), 1e-6);
}

/// Keras moves a row that no sample touched about 100 times less in the first step.
TEST(Adam, MovesUntouchedRowsFarLessInTheTensorflowForm) {
  const auto first_step_of_untouched = [](Form form) {
    const Recommender model = small_model(form);
    const Tensor table = model->tables().gamma_user;
    const Tensor before = table.detach().clone();
    Optimizer optimizer(*model, OptimizerKind::kAdam, 0.1);
    for (Tensor p : model->parameters()) p.mutable_grad() = torch::zeros_like(p);
    // Weights so small that the penalty's gradient is of the size of epsilon, as after the notebook's N(0, .001).
    {
      const torch::NoGradGuard no_grad;
      table.mul_(1e-5);
      before.mul_(1e-5);
    }
    optimizer.step();
    return (table.detach() - before).abs().mean().item<double>();
  };
  const double ratio = first_step_of_untouched(Form::kPytorch) / first_step_of_untouched(Form::kTensorflow);
  EXPECT_GT(ratio, 30);
  EXPECT_LT(ratio, 320);
}

}  // namespace
}  // namespace latent
