// The losses of model.name = mf against figures from Python PyTorch (scripts/make_goldens.py) and
// finite differences.
#include "models/mf.h"

#include <nlohmann/json.hpp>

#include "models/mf_losses.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "tests/support.h"

namespace latent {
namespace {

using nlohmann::json;
using torch::Tensor;

const json& goldens() {
  static const json all =
      json::parse(read_file(std::string(LATENT_SOURCE_DIR) + "/tests/golden/mf.json"));
  return all;
}

Tensor numbers(const json& values, torch::Dtype type) {
  std::vector<double> flat;
  for (const json& v : values) {
    if (v.is_array()) {
      for (const json& inner : v) flat.push_back(inner.get<double>());
    } else {
      flat.push_back(v.get<double>());
    }
  }
  const Tensor out = torch::tensor(flat, torch::kDouble).to(type);
  const bool table = !values.empty() && values[0].is_array();
  return table ? out.view({static_cast<int64_t>(values.size()), -1}) : out;
}

MfOptions options_of(const json& c) {
  MfOptions out;
  out.loss = c["loss"];
  out.score = c["score"];
  out.bias = c["bias"];
  out.tau = c["tau"].get<double>();
  out.tau2 = c["tau2"];
  out.tau_w = c["tau_w"];
  out.margin = c["margin"];
  out.negative_weight = c["negative_weight"];
  out.gamma = c["gamma"];
  out.at_k = 2;
  return out;
}

class MfGolden : public testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    case_ = goldens()["cases"][GetParam()];
    ModelSpec spec;
    spec.users = case_["users"];
    spec.items = case_["items"];
    spec.factors = case_["factors"];
    spec.mf = options_of(case_);
    model_ = std::make_shared<MfImpl>(spec);
    model_->to(torch::kDouble);
    const torch::NoGradGuard no_grad;
    for (auto& p : model_->named_parameters())
      p.value().copy_(numbers(case_["params"][name_of(p.key())], torch::kDouble)
                          .view_as(p.value()));
    if (model_->thresholds().defined())
      model_->thresholds().copy_(numbers(case_["params"]["thresholds"], torch::kDouble));
    const json& b = case_["batch"];
    batch_.users = numbers(b["users"], torch::kInt32);
    batch_.items = numbers(b["items"], torch::kInt32);
    batch_.negatives = numbers(b["negatives"], torch::kInt32);
    batch_.log_weights = numbers(b["log_weights"], torch::kFloat32);
    if (case_["shared"]) batch_.excluded = numbers(b["excluded"], torch::kInt64);
    batch_.user_scale = numbers(b["user_scale"], torch::kDouble);
  }

  static std::string name_of(const std::string& key) { return key.substr(0, key.find('.')); }

  json case_;
  std::shared_ptr<MfImpl> model_;
  Batch batch_;
};

TEST_P(MfGolden, LossAndGradientsAreThoseOfPython) {
  const Tensor loss = model_->data_loss(batch_);
  EXPECT_NEAR(loss.item<double>(), case_["objective"].get<double>(), 1e-6);
  loss.backward();
  for (const auto& p : model_->named_parameters()) {
    const Tensor golden = numbers(case_["gradients"][name_of(p.key())], torch::kDouble);
    const double worst =
        (p.value().grad().flatten() - golden).abs().max().item<double>();
    EXPECT_LT(worst, 1e-6) << p.key() << "; goldens come from: " << goldens()["how"];
  }
}

TEST_P(MfGolden, GradientsAreTheSlopesOfTheLoss) {
  model_->data_loss(batch_).backward();
  constexpr double kStep = 1e-6;
  for (const auto& p : model_->named_parameters()) {
    const Tensor flat = p.value().data().view(-1), gradient = p.value().grad().view(-1);
    for (int64_t n = 0; n < flat.numel(); ++n) {
      const double w = flat[n].item<double>();
      flat[n] = w + kStep;
      const double above = model_->data_loss(batch_).item<double>();
      flat[n] = w - kStep;
      const double below = model_->data_loss(batch_).item<double>();
      flat[n] = w;
      EXPECT_NEAR(gradient[n].item<double>(), (above - below) / (2 * kStep), 1e-6)
          << p.key() << "[" << n << "]";
    }
  }
}

std::string case_name(const testing::TestParamInfo<size_t>& info) {
  const json& c = goldens()["cases"][info.param];
  return c["loss"].get<std::string>() + "_" + c["score"].get<std::string>() +
         (c["shared"].get<bool>() ? "_shared" : "_own");
}

INSTANTIATE_TEST_SUITE_P(Losses, MfGolden,
                         testing::Range<size_t>(0, goldens()["cases"].size()), case_name);

ModelSpec small_spec(const std::string& score) {
  ModelSpec spec;
  spec.users = 6;
  spec.items = 8;
  spec.factors = 3;
  spec.init_std = 1;
  spec.mf.score = score;
  return spec;
}

TEST(Mf, ServesTheScoresThatItTrains) {
  for (const char* score : {"dot", "cosine"}) {
    ModelSpec spec = small_spec(score);
    spec.mf.bias = std::string(score) == "dot";
    MfImpl model(spec);
    const Tensor users = torch::tensor({0, 5, 3}, torch::kInt32);
    const Tensor items = torch::tensor({7, 2, 2}, torch::kInt32);
    const ScoreTables t = model.scored();
    Tensor expected = (t.gamma_user.index_select(0, users) * t.gamma_item.index_select(0, items))
                          .sum(/*dim=*/-1);
    if (t.beta_item.defined())
      expected = expected + t.beta_item.index_select(0, items).squeeze(-1);
    EXPECT_TRUE(torch::allclose(model.forward(users, items), expected)) << score;
  }
}

TEST(Mf, CosinesAreServedAsRowsOfLengthOne) {
  MfImpl model(small_spec("cosine"));
  for (const Tensor& table : {model.scored().gamma_user, model.scored().gamma_item})
    EXPECT_TRUE(torch::allclose(table.norm(2, /*dim=*/1), torch::ones({table.size(0)})));
  EXPECT_FALSE(torch::allclose(model.tables().gamma_user.norm(2, 1), torch::ones({6})));
}

TEST(Mf, RefusesListsLongerThanTheCatalogue) {
  ModelSpec spec = small_spec("auto");
  spec.mf.loss = "sl_at_k";
  spec.mf.at_k = 9;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, MfImpl model(spec)),
            "mf.at_k = 9, but the data has 8 items; lower it");
}

TEST(Mf, XaviersTablesAreUniformWithinTheirBound) {
  ModelSpec spec = small_spec("auto");
  spec.users = 20000;
  spec.init = Init::kXavier;
  const Tensor table = MfImpl(spec).tables().gamma_user.detach();
  const double bound = std::sqrt(6.0 / 20003);
  EXPECT_LE(table.abs().max().item<double>(), bound);
  EXPECT_GT(table.abs().max().item<double>(), 0.999 * bound);
  EXPECT_NEAR(table.mean().item<double>(), 0, 0.01 * bound);
  EXPECT_NEAR(table.std().item<double>(), bound / std::sqrt(3.0), 0.01 * bound);
}

TEST(BslLoss, IsTheSoftmaxLossWhereNoUserComesTwiceAndTau2IsOne) {
  ModelSpec spec = small_spec("cosine");
  const Batch batch{torch::tensor({0, 5, 3}, torch::kInt32),
                    torch::tensor({7, 2, 2}, torch::kInt32),
                    {}, torch::tensor({1, 4, 6, 0}, torch::kInt32)};
  spec.mf.loss = "softmax";
  const double softmax = MfImpl(spec).data_loss(batch).item<double>();
  spec.mf.loss = "bsl";
  spec.mf.tau2 = 1;
  const double bsl = MfImpl(spec).data_loss(batch).item<double>();
  EXPECT_NEAR(bsl, softmax - std::log(4.0), 1e-5);  // a mean over four negatives, not a sum
}

TEST(DirectAu, IsFiniteForASingleSample) {
  const Tensor row = torch::tensor({{1.0f, 0.0f}}), other = torch::tensor({{0.0f, 1.0f}});
  EXPECT_FLOAT_EQ(directau_loss(row, other, 3).item<float>(), 2);
}

}  // namespace
}  // namespace latent
