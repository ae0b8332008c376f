// Optimizers against torch's own and against the formulas.
#include <set>

#include "models/registry.h"
#include "src/base/parallel.h"
#include "src/train/optimizer.h"
#include "tests/support.h"

namespace latent {
namespace {

using torch::Tensor;

std::shared_ptr<GradientModelImpl> small_model(Form form, bool in_bfloat16 = false,
                                               uint64_t seed = 0) {
  ModelSpec spec;
  spec.in_bfloat16 = in_bfloat16;
  spec.seed = seed;
  spec.users = 50;
  spec.items = 40;
  spec.factors = 4;
  spec.init_std = 0.1;
  spec.form = form;
  spec.lambda_user_bias = spec.lambda_item_bias = spec.lambda_factors = 0.01;
  return make_gradient_model("latent_factor", spec);
}

/// Runs `steps` updates with made-up gradients on ours and on torch's optimizer over a copy; the
/// largest difference.
template <typename TorchOptimizer, typename Options>
double difference_from(OptimizerKind kind, Options options) {
  const auto model = small_model(Form::kPytorch), copy = small_model(Form::kPytorch);
  Optimizer ours(*model, kind, options.lr());
  TorchOptimizer theirs(copy->parameters(), options);
  torch::manual_seed(3);
  for (int step = 0; step < 5; ++step) {
    for (size_t n = 0; n < model->parameters().size(); ++n) {
      const Tensor g = torch::randn_like(model->parameters()[n]);
      model->parameters()[n].mutable_grad() = g;
      copy->parameters()[n].mutable_grad() = g.clone();
    }
    for (const Penalty& p : copy->penalties())
      p.table.grad().add_(p.table.detach(), 2 * p.coefficient);
    ours.step();
    theirs.step();
  }
  double worst = 0;
  for (size_t n = 0; n < model->parameters().size(); ++n) {
    worst = std::max(worst,
                     (model->parameters()[n] - copy->parameters()[n]).abs().max().item<double>());
  }
  return worst;
}

TEST(Adam, EqualsTorchsWithThePenaltyInTheGradient) {
  EXPECT_LT(
      difference_from<torch::optim::Adam>(OptimizerKind::kAdam, torch::optim::AdamOptions(0.1)),
      1e-6);
}

TEST(Sgd, EqualsTorchsWithThePenaltyInTheGradient) {
  EXPECT_LT(difference_from<torch::optim::SGD>(OptimizerKind::kSgd, torch::optim::SGDOptions(0.1)),
            1e-6);
}

TEST(Adagrad, EqualsTorchsWithThePenaltyInTheGradient) {
  EXPECT_LT(difference_from<torch::optim::Adagrad>(OptimizerKind::kAdagrad,
                                                   torch::optim::AdagradOptions(0.1)),
            1e-6);
}

Batch some_batch(bool pairwise, int64_t size) {
  const auto ids = [&](int64_t n) { return torch::randint(n, {size}, torch::kInt32); };
  Batch out{ids(50), ids(40), torch::randn({size}), {}};
  if (pairwise) out.negatives = ids(40).unsqueeze(1);
  return out;
}

/// The definition in torch's own operations: rows of `ids` move, others stand still.
void plain_lazy_step(Tensor w, const Tensor& gradient, Tensor m, Tensor v, const Tensor& ids,
                     double decay, int64_t t) {
  for (const int64_t row :
       std::set<int64_t>(ids.data_ptr<int32_t>(), ids.data_ptr<int32_t>() + ids.numel())) {
    const Tensor g = gradient[row] + decay * w[row];
    m[row].mul_(0.9).add_(0.1 * g);
    v[row].mul_(0.999).add_(0.001 * g * g);
    const Tensor m_hat = m[row] / (1 - std::pow(0.9, t)), v_hat = v[row] / (1 - std::pow(0.999, t));
    w[row].sub_(0.1 * m_hat / (v_hat.sqrt() + 1e-8));
  }
}

TEST(LazyAdam, MovesTheRowsThatTheBatchTouchesByTheDefinition) {
  for (const bool pairwise : {false, true}) {
    const auto model = small_model(Form::kPytorch);
    Optimizer optimizer(*model, OptimizerKind::kAdamLazy, 0.1);
    const ScoreTables tables = model->tables();
    const std::vector<Tensor> all = {tables.beta_user, tables.gamma_user, tables.beta_item,
                                     tables.gamma_item};
    std::vector<Tensor> w, m, v;
    for (const Tensor& t : all)
      w.push_back(t.detach().clone()), m.push_back(torch::zeros_like(t)),
          v.push_back(torch::zeros_like(t));
    torch::manual_seed(8);
    for (int64_t step = 1; step <= 4; ++step) {
      const Batch batch = some_batch(pairwise, 9);
      for (Tensor p : model->parameters()) p.mutable_grad() = torch::zeros_like(p);
      for (size_t n = 0; n < all.size(); ++n) {
        const Tensor ids = n < 2      ? batch.users
                           : pairwise ? torch::cat({batch.items, batch.negatives.flatten()})
                                      : batch.items;
        Tensor g = torch::zeros_like(w[n]);
        g.index_put_({ids.to(torch::kLong)}, torch::randn({ids.numel(), w[n].size(1)}));
        all[n].mutable_grad().copy_(g);
        plain_lazy_step(w[n], g, m[n], v[n], ids, 0.02, step);
      }
      optimizer.step(batch);
      double penalty = 0;
      for (size_t n = 0; n < all.size(); ++n) {
        EXPECT_LT((all[n] - w[n]).abs().max().item<double>(), 1e-5)
            << "table " << n << ", step " << step;
        EXPECT_EQ(all[n].grad().abs().max().item<double>(), 0) << "left for the next batch";
        penalty += 0.01 * all[n].detach().to(torch::kDouble).square().sum().item<double>();
      }
      EXPECT_NEAR(optimizer.penalty(), penalty, 1e-9 * penalty);
    }
  }
}

TEST(SumOfSquares, IsThatOfTorchInDouble) {
  torch::manual_seed(1);
  const Tensor a = torch::randn({10007});
  EXPECT_NEAR(sum_of_squares(a), a.to(torch::kDouble).square().sum().item<double>(), 1e-8);
  EXPECT_NEAR(sum_of_squares(a.to(torch::kDouble)), sum_of_squares(a), 1e-8);
}

TEST(LazyAdam, IsAdamWhereABatchTouchesEveryRow) {
  const auto lazy = small_model(Form::kPytorch), dense = small_model(Form::kPytorch);
  Optimizer a(*lazy, OptimizerKind::kAdamLazy, 0.1), b(*dense, OptimizerKind::kAdam, 0.1);
  Batch batch{torch::arange(50, torch::kInt32),
              torch::arange(50, torch::kInt32) % 40,
              torch::randn({50}),
              {}};
  for (int step = 0; step < 5; ++step) {
    lazy->data_loss(batch).backward();
    dense->data_loss(batch).backward();
    a.step(batch);
    b.step(batch);
  }
  for (size_t n = 0; n < lazy->parameters().size(); ++n)
    EXPECT_TRUE(torch::allclose(lazy->parameters()[n], dense->parameters()[n], 1e-6, 1e-7)) << n;
}

/// The factors after some steps with made-up gradients, [users + items, K] as floats.
Tensor factors_after(OptimizerKind kind, int threads, uint64_t seed = 0) {
  set_default_threads(threads);
  const auto model = small_model(Form::kPytorch, /*in_bfloat16=*/true, seed);
  Optimizer optimizer(*model, kind, 0.01);
  torch::manual_seed(5);
  for (int step = 0; step < 3; ++step) {
    const Batch batch = some_batch(false, 30);
    for (const Tensor& p : model->parameters()) {
      if (!p.grad().defined()) p.mutable_grad() = torch::zeros(p.sizes());
      p.mutable_grad().add_(torch::randn(p.sizes()));
    }
    optimizer.step(batch);
  }
  set_default_threads(0);
  const ScoreTables tables = model->tables();
  return torch::cat({tables.gamma_user, tables.gamma_item}).detach();
}

constexpr OptimizerKind kKinds[] = {OptimizerKind::kAdam, OptimizerKind::kAdamLazy,
                                    OptimizerKind::kSgd, OptimizerKind::kAdagrad};

TEST(OptimizerOfBFloat16s, HasTheSameBitsForAnyNumberOfThreadsAndOthersForAnotherSeed) {
  for (const OptimizerKind kind : kKinds) {
    const Tensor one = factors_after(kind, 1);
    EXPECT_EQ(one.scalar_type(), torch::kBFloat16);
    for (const int threads : {2, 3, 5})
      EXPECT_TRUE(torch::equal(factors_after(kind, threads), one)) << threads;
    EXPECT_FALSE(torch::equal(factors_after(kind, 1, /*seed=*/1), one));
  }
}

TEST(OptimizerOfBFloat16s, MovesThemAsItMovesFloatsUpToTheirLastBit) {
  for (const OptimizerKind kind : kKinds) {
    const auto halves = small_model(Form::kPytorch, true), floats = small_model(Form::kPytorch);
    {
      const torch::NoGradGuard no_grad;
      for (size_t n = 0; n < floats->parameters().size(); ++n)
        floats->parameters()[n].copy_(halves->parameters()[n]);
    }
    Optimizer a(*halves, kind, 0.01), b(*floats, kind, 0.01);
    torch::manual_seed(5);
    const Batch batch = some_batch(false, 30);
    for (size_t n = 0; n < floats->parameters().size(); ++n) {
      const Tensor gradient = torch::randn(floats->parameters()[n].sizes());
      halves->parameters()[n].mutable_grad() = gradient;
      floats->parameters()[n].mutable_grad() = gradient.clone();
    }
    a.step(batch);
    b.step(batch);
    for (size_t n = 0; n < floats->parameters().size(); ++n) {
      const Tensor got = halves->parameters()[n].to(torch::kFloat), want = floats->parameters()[n];
      // A neighbour is less than 1/128 of the number away.
      EXPECT_TRUE(((got - want).abs() <= want.abs() / 128).all().item<bool>()) << n;
      EXPECT_EQ(halves->parameters()[n].grad().scalar_type(), torch::kFloat);
    }
    EXPECT_NEAR(a.penalty(), b.penalty(), 0.01 * b.penalty());
  }
}

/// Keras moves a row that no sample touched about 100 times less in the first step.
TEST(Adam, MovesUntouchedRowsFarLessInTheTensorflowForm) {
  const auto first_step_of_untouched = [](Form form) {
    const auto model = small_model(form);
    const Tensor table = model->tables().gamma_user;
    const Tensor before = table.detach().clone();
    Optimizer optimizer(*model, OptimizerKind::kAdam, 0.1);
    for (Tensor p : model->parameters()) p.mutable_grad() = torch::zeros_like(p);
    // Weights so small that the penalty's gradient is of the size of epsilon, as after the
    // notebook's N(0, .001).
    {
      const torch::NoGradGuard no_grad;
      table.mul_(1e-5);
      before.mul_(1e-5);
    }
    optimizer.step();
    return (table.detach() - before).abs().mean().item<double>();
  };
  const double ratio =
      first_step_of_untouched(Form::kPytorch) / first_step_of_untouched(Form::kTensorflow);
  EXPECT_GT(ratio, 30);
  EXPECT_LT(ratio, 320);
}

}  // namespace
}  // namespace latent
