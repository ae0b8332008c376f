// The models and optimizers against figures from Python PyTorch and NumPy
// (scripts/make_goldens.py).
#include <nlohmann/json.hpp>

#include "models/registry.h"
#include "src/base/file.h"
#include "src/train/optimizer.h"
#include "tests/support.h"

namespace latent {
namespace {

using nlohmann::json;
using torch::Tensor;

const json& goldens() {
  static const json all =
      json::parse(read_file(std::string(LATENT_SOURCE_DIR) + "/tests/golden/models.json"));
  return all;
}

/// |ours - golden| <= 1e-5 of the largest golden entry, or says which tensor, how far, and how to
/// make it again.
void expect_near(const std::string& what, const Tensor& ours, const json& golden) {
  const auto values = golden.is_array() ? golden.get<std::vector<double>>()
                                        : std::vector<double>{golden.get<double>()};
  const Tensor expected = torch::tensor(values, torch::kDouble);
  const Tensor actual = ours.detach().to(torch::kDouble).flatten();
  ASSERT_EQ(actual.numel(), expected.numel()) << what;
  const double worst = (actual - expected).abs().max().item<double>();
  EXPECT_LE(worst, 1e-5 * std::max(1e-3, expected.abs().max().item<double>()))
      << what << ": max |diff| " << worst << "; goldens come from: " << goldens()["how"];
}

class Golden : public ::testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    case_ = goldens()["cases"][GetParam()];
    RunConfig config;
    config.model.name = case_["model"];
    config.model.factors = case_["factors"];
    config.train.form = case_["form"];
    config.train.lambda = case_["lambda"].get<double>();
    model_ = make_gradient_model(
        config.model.name, model_spec(config, case_["users"], case_["items"], RatingSummary()));
    const torch::NoGradGuard no_grad;
    for (auto& p : model_->named_parameters()) {
      const auto values = case_["params"].at(short_name(p.key())).get<std::vector<float>>();
      p.value().copy_(torch::tensor(values).reshape(p.value().sizes()));
    }
    ASSERT_EQ(model_->named_parameters().size(), case_["params"].size());
  }

  static std::string short_name(const std::string& key) { return key.substr(0, key.find('.')); }

  Batch batch(size_t n) const {
    const json& b = case_["batches"][n];
    const auto ids = [&](const char* name) {
      return torch::tensor(b.at(name).get<std::vector<int32_t>>(), torch::kInt32);
    };
    Batch out{ids("users"), ids("items"), {}, {}};
    if (b.contains("negatives")) {
      out.negatives = ids("negatives").unsqueeze(1);
    } else {
      out.ratings = torch::tensor(b.at("ratings").get<std::vector<float>>());
    }
    return out;
  }

  json case_;
  std::shared_ptr<GradientModelImpl> model_;
};

TEST_P(Golden, ScoresObjectiveAndGradientsAreThoseOfPython) {
  expect_near("scores", model_->forward(batch(0).users, batch(0).items), case_["scores"]);
  const Tensor loss = model_->loss(batch(0));
  expect_near("objective", loss, case_["objective"]);
  loss.backward();
  for (const auto& p : model_->named_parameters()) {
    expect_near("gradient of " + p.key(), p.value().grad(),
                case_["gradients"][short_name(p.key())]);
  }
}

TEST_P(Golden, TenStepsOfTrainingFollowPython) {
  Optimizer optimizer(*model_, OptimizerKind::kAdam, case_["lr"]);
  for (size_t step = 0; step < case_["losses"].size(); ++step) {
    const Tensor loss = model_->data_loss(batch(step));
    expect_near("loss of step " + std::to_string(step), loss + model_->reg(),
                case_["losses"][step]);
    loss.backward();
    optimizer.step();
  }
  for (const auto& p : model_->named_parameters()) {
    expect_near(p.key() + " after ten steps", p.value(),
                case_["params_after"][short_name(p.key())]);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Golden, ::testing::Range<size_t>(0, goldens()["cases"].size()),
                         [](const auto& info) {
                           const json& c = goldens()["cases"][info.param];
                           return c["model"].get<std::string>() + "_" +
                                  c["form"].get<std::string>();
                         });

}  // namespace
}  // namespace latent
