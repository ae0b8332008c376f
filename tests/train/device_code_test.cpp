// The code of a GPU, run on the CPU, against the kernels of the CPU.
#include "models/device_code.h"

#include <cstdlib>

#include "models/registry.h"
#include "src/config/catalog.h"
#include "src/config/read.h"
#include "src/sampling/sampler.h"
#include "src/train/gradient_steps.h"
#include "src/train/trainer.h"
#include "tests/support.h"

namespace latent {
namespace {

using torch::Tensor;

/// While it lives, LATENT_DEVICE_CODE is set.
struct DeviceCode {
  DeviceCode() {
    at::set_num_threads(1);  // as the program does
    ::setenv("LATENT_DEVICE_CODE", "1", 1);
  }
  ~DeviceCode() { ::unsetenv("LATENT_DEVICE_CODE"); }
};

/// 20 users and 30 items, of which user u knows u + 1.
Interactions rows() {
  Interactions out;
  for (int32_t u = 0; u < 20; ++u) {
    for (int32_t n = 0; n <= u; ++n)
      out.push(u, (u * 7 + n * 11) % 30, static_cast<float>(1 + (u + n) % 5));
  }
  return out;
}

Interactions all_but_one() {
  Interactions out;
  for (int32_t u = 0; u < 20; ++u) {
    for (int32_t i = 0; i < 30; ++i) {
      if (i != u * 7 % 30) out.push(u, i, 1);
    }
  }
  return out;
}

bool pairwise(const RunConfig& config) {
  return model_info(config.model.name).negatives != Negatives::kNone;
}

std::vector<Tensor> weights_of(const RecommenderImpl& model) {
  std::vector<Tensor> out;
  for (const Tensor& w : model.parameters()) out.push_back(w.detach().clone());
  return out;
}

struct Fit {
  RunConfig config;
  Interactions data;
  UserItems known;
  std::shared_ptr<GradientModelImpl> model;

  explicit Fit(const RunConfig& asked, Interactions some = rows())
      : config(asked), data(std::move(some)), known(data.user, data.item, 20) {
    model = make_gradient_model(config.model.name,
                                model_spec(config, 20, 30, {3, 1, 5, data.size()}));
  }
  FitContext context() {
    return {config, *model, data, pairwise(config) ? &known : nullptr, torch::kCPU};
  }
};

std::vector<std::string> losses() {
  return {"mse", "bce", "bpr", "hinge", "softmax", "bsl", "sl_at_k", "ccl", "directau"};
}

/// A config of each model that autograd trains, and of each loss of mf.
std::vector<std::pair<std::string, RunConfig>> every_config() {
  std::vector<std::pair<std::string, RunConfig>> out;
  for (const std::string name : {"latent_factor", "bias_only", "bpr"}) {
    RunConfig config;
    config.model.name = name;
    out.emplace_back(name, config);
  }
  for (const std::string& loss : losses()) {
    for (const std::string sampling : {"uniform", "popularity", "in_batch"}) {
      RunConfig config;
      config.model.name = "mf";
      config.mf.loss = loss;
      config.mf.at_k = 5;
      config.train.negatives = 12;
      config.train.negative_sampling = sampling;
      out.emplace_back("mf " + loss + " " + sampling, config);
    }
  }
  for (auto& [name, config] : out) {
    config.model.factors = 6;
    config.model.init_std = 0.3;
    config.train.batch_size = 64;
    config.train.lr = 0.02;
    config.train.lambda_factors = 1e-3;
    config.train.log_every = 3;
  }
  return out;
}

/// Batches of all rows, where no draw matters: of pairs, the only negative is the item that the
/// user lacks; shared negatives are the batch's own items.
TEST(DeviceCode, GivesTheObjectivesAndTablesOfTheProcessorsKernels) {
  for (auto [name, config] : every_config()) {
    const bool own = config.model.name == "bpr";
    if (!own && pairwise(config) && config.train.negative_sampling != "in_batch") continue;
    config.train.batch_size = 100000;
    config.train.epochs = 10;
    config.train.log_every = 1;
    const auto trained = [&] {
      Fit fit(config, own ? all_but_one() : rows());
      GradientSteps steps(fit.context());
      std::vector<double> objectives;
      for (int64_t n = 0; n < 10; ++n)
        objectives.push_back(steps.step(n, n == 9).objective);
      return std::pair(torch::tensor(objectives, torch::kDouble), weights_of(*fit.model));
    };
    const auto [plain, tables] = trained();
    const DeviceCode device;
    const auto [objectives, moved] = trained();
    EXPECT_TRUE(torch::allclose(objectives, plain, 1e-5, 1e-6)) << name << objectives << plain;
    for (size_t n = 0; n < tables.size(); ++n)
      EXPECT_TRUE(torch::allclose(moved[n], tables[n], 1e-4, 1e-5)) << name << " table " << n;
  }
}

TEST(DeviceCode, MeasuresOnlyWhereSomethingIsLogged) {
  const DeviceCode device;
  Fit fit(every_config()[0].second);
  GradientSteps steps(fit.context());
  for (int64_t n = 0; n < 8; ++n)
    EXPECT_EQ(steps.step(n, n == 7).measured, n % 3 == 0 || n == 7) << n;
}

/// One step of each, from the same weights on the same batch.
TEST(DeviceCode, MovesTheWeightsAsTheKernelsOfAdamDo) {
  for (const char* const optimizer : {"adam", "adam_lazy", "sgd", "adagrad"}) {
    for (const std::string form : {"pytorch", "tensorflow"}) {
      RunConfig config = every_config()[0].second;
      config.train.form = form;
      const auto moved = [&] {
        Fit fit(config);
        Optimizer steps(*fit.model, optimizer_kind(optimizer), 0.05);
        for (int n = 0; n < 4; ++n) {
          const Batch batch{torch::tensor({3, 1, 3, 7}, torch::kInt32),
                            torch::tensor({2, 9, 4, 2 + n}, torch::kInt32),
                            torch::tensor({1.f, 5.f, 2.f, 3.f}), {}};
          fit.model->data_loss(batch).backward();
          steps.step(batch);
        }
        return weights_of(*fit.model);
      };
      const std::vector<Tensor> plain = moved();
      const DeviceCode device;
      const std::vector<Tensor> by_operators = moved();
      for (size_t n = 0; n < plain.size(); ++n)
        EXPECT_TRUE(torch::allclose(plain[n], by_operators[n], 1e-5, 1e-6))
            << optimizer << " " << form << " parameter " << n << ", largest difference "
            << (plain[n] - by_operators[n]).abs().max().item<float>();
    }
  }
}

TEST(DeviceCode, GoesOnWithTheBitsOfAnUndisturbedTraining) {
  const DeviceCode device;
  for (const auto& [name, config] : every_config()) {
    const auto weights = [&](int64_t stop) {
      Fit fit(config);
      auto steps = std::make_unique<GradientSteps>(fit.context());
      for (int64_t n = 0; n < 9; ++n) {
        if (n == stop) {
          Checkpoint kept;
          kept.state["step"] = n;
          steps->save(kept);
          for (auto& [key, tensor] : kept.tensors) tensor = tensor.clone();
          steps = std::make_unique<GradientSteps>(fit.context());
          steps->restore(kept);
        }
        steps->step(n, n == 8);
      }
      return weights_of(*fit.model);
    };
    const auto whole = weights(-1), resumed = weights(5);
    for (size_t n = 0; n < whole.size(); ++n)
      EXPECT_TRUE(torch::equal(whole[n], resumed[n])) << name << " parameter " << n;
  }
}

}  // namespace
}  // namespace latent
