// SVD++: the exact solver against Surprise's own parameters, the fast one against the exact one.
#include "src/solve/svdpp_sgd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "src/base/file.h"
#include "src/base/rng.h"

namespace latent {
namespace {

/// numpy.random.RandomState(seed).normal(): Mersenne Twister and the polar method.
class NumpyNormal {
 public:
  explicit NumpyNormal(uint32_t seed) : engine_(seed) {}
  double operator()() {
    if (kept_) return std::exchange(kept_, std::nullopt).value();
    double x, y, r;
    do {
      x = 2 * uniform() - 1;
      y = 2 * uniform() - 1;
      r = x * x + y * y;
    } while (r >= 1 || r == 0);
    const double f = std::sqrt(-2 * std::log(r) / r);
    kept_ = f * x;
    return f * y;
  }

 private:
  double uniform() {
    const uint32_t a = engine_() >> 5, b = engine_() >> 6;
    return (a * 67108864.0 + b) / 9007199254740992.0;
  }
  std::mt19937 engine_;
  std::optional<double> kept_;
};

SvdppRates rates_of(const nlohmann::json& settings) {
  const auto of = [&](const std::string& name, const char* all) {
    return settings.value(name, settings.at(all).get<double>());
  };
  SvdppRates out;
  out.lr_bu = of("lr_bu", "lr_all");
  out.lr_bi = of("lr_bi", "lr_all");
  out.lr_pu = of("lr_pu", "lr_all");
  out.lr_qi = of("lr_qi", "lr_all");
  out.lr_yj = of("lr_yj", "lr_all");
  out.reg_bu = of("reg_bu", "reg_all");
  out.reg_bi = of("reg_bi", "reg_all");
  out.reg_pu = of("reg_pu", "reg_all");
  out.reg_qi = of("reg_qi", "reg_all");
  out.reg_yj = of("reg_yj", "reg_all");
  out.biased = true;
  return out;
}

/// Rows, rates and parameters of tests/golden/svdpp.json (scripts/make_svdpp_goldens.py).
class AgainstSurprise : public ::testing::Test {
 protected:
  void SetUp() override {
    golden_ = nlohmann::json::parse(
        read_file(std::string(LATENT_SOURCE_DIR) + "/tests/golden/svdpp.json"));
    for (const auto& row : golden_["rows"]) rows_.push(row[0], row[1], row[2]);
    users_ = static_cast<int32_t>(golden_["bu"].size());
    items_ = static_cast<int32_t>(golden_["bi"].size());
    factors_ = golden_["settings"]["n_factors"];
    epochs_ = golden_["settings"]["n_epochs"];
    rates_ = rates_of(golden_["settings"]);
  }

  /// As Surprise starts, rows of `stride`.
  template <typename T>
  SvdppTables<T> start(int32_t stride) const {
    SvdppTables<T> t(users_, items_, factors_, stride);
    t.mean = static_cast<T>(mean_rating(rows_));
    NumpyNormal normal(0);
    const auto fill = [&](auto& table, int32_t rows) {
      for (int32_t r = 0; r < rows; ++r) {
        for (int32_t f = 0; f < factors_; ++f)
          table.data()[int64_t{r} * stride + f] = static_cast<T>(0.1 * normal());
      }
    };
    fill(t.p, users_);
    fill(t.q, items_);
    fill(t.y, items_);
    return t;
  }

  template <typename T>
  void expect_table(const char* name, const T* table, int32_t stride, double tolerance) const {
    int32_t row = 0;
    for (const auto& expected : golden_[name]) {
      if (expected.is_number()) {
        EXPECT_NEAR(table[row], expected.get<double>(), tolerance) << name << " " << row;
      } else {
        for (int32_t f = 0; f < factors_; ++f)
          EXPECT_NEAR(table[int64_t{row} * stride + f], expected[f].get<double>(), tolerance)
              << name << " " << row << " " << f;
      }
      ++row;
    }
  }

  template <typename T>
  void expect_golden(const SvdppTables<T>& t, double tolerance) const {
    expect_table("bu", t.bu.data(), 1, tolerance);
    expect_table("bi", t.bi.data(), 1, tolerance);
    expect_table("pu", t.p.data(), t.stride, tolerance);
    expect_table("qi", t.q.data(), t.stride, tolerance);
    expect_table("yj", t.y.data(), t.stride, tolerance);
  }

  nlohmann::json golden_;
  Interactions rows_;
  int32_t users_, items_, factors_, epochs_;
  SvdppRates rates_;
};

TEST_F(AgainstSurprise, ExactParametersAgreeToABillionth) {
  auto t = start<double>(factors_);
  for (int32_t epoch = 0; epoch < epochs_; ++epoch) svdpp_epoch_exact(t, rows_, rates_);
  expect_golden(t, 1e-9);
}

TEST_F(AgainstSurprise, FoldedPredictionsAgreeToABillionth) {
  auto t = start<double>(factors_);
  for (int32_t epoch = 0; epoch < epochs_; ++epoch) svdpp_epoch_exact(t, rows_, rates_);
  std::vector<double> users(int64_t{users_} * factors_);
  fold_implicit(t, rows_, users.data());
  for (int64_t n = 0; n < rows_.size(); ++n) {
    double score = t.mean + t.bu[rows_.user[n]] + t.bi[rows_.item[n]];
    for (int32_t f = 0; f < factors_; ++f)
      score += users[int64_t{rows_.user[n]} * factors_ + f] *
               t.q.data()[int64_t{rows_.item[n]} * t.stride + f];
    EXPECT_NEAR(score, golden_["predictions"][n].get<double>(), 1e-9) << n;
  }
}

TEST_F(AgainstSurprise, TheFastSolverAgreesButForFloats) {
  auto t = start<float>(svd_stride(factors_));
  double error = 0;
  auto exact = start<double>(factors_);
  for (int32_t epoch = 0; epoch < epochs_; ++epoch) {
    error = svdpp_epoch(t, rows_, rates_);
    EXPECT_NEAR(error, svdpp_epoch_exact(exact, rows_, rates_), 1e-5);
  }
  expect_golden(t, 1e-5);
}

TEST(FoldImplicit, LeavesAUserWithoutRowsTheirOwnFactors) {
  SvdppTables<double> t(2, 1, 1, 1);
  t.p[0] = 3;
  t.p[1] = 4;
  t.y[0] = 0.5;
  Interactions rows;
  rows.push(0, 0, 1);
  std::vector<double> users(2);
  fold_implicit(t, rows, users.data());
  EXPECT_EQ(users, (std::vector<double>{3.5, 4}));
}

}  // namespace
}  // namespace latent
