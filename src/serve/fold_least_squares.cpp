// Users by least squares: of ratings (latent_factor, svd, svdpp), over all pairs (ials), and for
// each draw with its own prior (bayesian_mf).
//
// Dimension legend: n items of the history, K factors, D = K, and 1 more with a bias, S draws.
#include <cmath>
#include <mutex>

#include "src/kernels/gemm.h"
#include "src/serve/fold_in.h"
#include "src/serve/ridge.h"

namespace latent {

namespace {

double product(const double* a, const double* b, int d) {
  double sum = 0;
  for (int k = 0; k < d; ++k) sum += a[k] * b[k];
  return sum;
}

/// The normal equations of a history: A x = sum of pull_j v_j + what a prior adds.
struct Equations {
  explicit Equations(int d) : a(d), prior(static_cast<size_t>(d)) {}

  void add(const std::vector<double>& row, double weight, double pulled) {
    a.add(row.data(), weight);
    v.insert(v.end(), row.begin(), row.end());
    pull.push_back(pulled);
  }
  std::vector<double> solution() const {
    const int d = a.size();
    std::vector<double> x = prior;
    for (size_t j = 0; j < pull.size(); ++j) {
      for (int k = 0; k < d; ++k) x[k] += pull[j] * v[j * d + k];
    }
    a.solve(x.data());
    return x;
  }
  /// What each row adds to `direction` . x.
  std::vector<double> parts(std::vector<double> direction) const {
    a.solve(direction.data());
    std::vector<double> out;
    for (size_t j = 0; j < pull.size(); ++j)
      out.push_back(pull[j] * product(direction.data(), &v[j * a.size()], a.size()));
    return out;
  }

  Ridge a;
  std::vector<double> prior;  // [D]
  std::vector<double> v;      // [n, D]
  std::vector<double> pull;   // [n]
};

class LeastSquares : public FoldObjective {
 public:
  explicit LeastSquares(const ModelParts& parts)
      : parts_(parts), view_(parts.view), spec_(parts.fold_in) {
    if (!parts.file.has("implicit_item")) return;
    implicit_ = &parts.file.array("implicit_item", ValueType::kFloat32,
                                  int64_t{view_.items} * view_.factors);
  }

  FoldedVector fold(std::span<const HistoryItem> history) const override {
    const std::vector<double> x = equations(history).solution();
    std::vector<double> p = implicit_part(history);
    FoldedVector out;
    if (spec_.has_bias) out.bias = static_cast<float>(x[0]);
    for (int32_t k = 0; k < view_.factors; ++k)
      out.factors.push_back(static_cast<float>(p[k] + x[k + first()]));
    return out;
  }

  std::vector<double> parts(std::span<const HistoryItem> history, int32_t item) const override {
    std::vector<double> out = equations(history).parts(row_of(item));
    if (implicit_ == nullptr) return out;
    const float* const q = view_.factors_of_item(item);
    for (size_t j = 0; j < history.size(); ++j) {
      const auto y = member(history[j].item);
      for (int32_t k = 0; k < view_.factors; ++k)
        out[j] += double{y[k]} * q[k] / root_of(history.size());
    }
    return out;
  }

 private:
  int first() const { return spec_.has_bias ? 1 : 0; }  // of x, of the factors
  static double root_of(size_t n) { return std::sqrt(static_cast<double>(n)); }
  std::span<const float> member(int32_t item) const {
    return implicit_->part<float>(int64_t{item} * view_.factors, view_.factors);
  }

  /// (1, q), or q without a bias.
  std::vector<double> row_of(int32_t item) const {
    std::vector<double> v(first(), 1.0);
    const float* const q = view_.factors_of_item(item);
    v.insert(v.end(), q, q + view_.factors);
    return v;
  }

  /// sum of y_j / sqrt(n): what the history itself says (Koren, 2008).
  std::vector<double> implicit_part(std::span<const HistoryItem> history) const {
    std::vector<double> out(static_cast<size_t>(view_.factors));
    if (implicit_ == nullptr) return out;
    for (const HistoryItem& had : history) {
      const auto y = member(had.item);
      for (size_t k = 0; k < out.size(); ++k) out[k] += y[k] / root_of(history.size());
    }
    return out;
  }

  Equations equations(std::span<const HistoryItem> history) const {
    const auto n = static_cast<double>(history.size());
    const std::vector<double> implicit = implicit_part(history);
    Equations out(first() + view_.factors);
    for (const HistoryItem& had : history) {
      const std::vector<double> v = row_of(had.item);
      const double rating = std::isnan(had.rating) ? spec_.liked : had.rating;
      if (spec_.confidence > 0) {  // beside the 1 that it has as one of all pairs
        const double c = spec_.confidence * (spec_.weighted ? std::abs(rating) : 1);
        out.add(v, c - spec_.every_pair, !spec_.weighted || rating > 0 ? c : 0);
      } else if (spec_.ratings) {
        const double known = view_.score(-1, had.item) +
                             product(implicit.data(), v.data() + first(), view_.factors);
        out.add(v, 1, rating - known);
      } else {
        out.add(v, 1, 1);
      }
    }
    add_every_pair(out.a);
    for (int k = 0; k < out.a.size(); ++k)
      out.a.at(k, k) += k < first() ? spec_.bias.of(n) : spec_.factors.of(n);
    out.a.close();
    out.a.factorise();
    return out;
  }

  void add_every_pair(Ridge& a) const {
    if (spec_.every_pair == 0) return;
    const int stride = padded_columns(view_.factors);
    std::call_once(gram_made_, [&] { gram_ = gram_of_items(stride); });
    for (int i = 0; i < view_.factors; ++i) {
      for (int j = 0; j <= i; ++j)
        a.at(first() + i, first() + j) += spec_.every_pair * gram_[int64_t{i} * stride + j];
    }
  }
  std::vector<double> gram_of_items(int stride) const {
    parts_.need_all("gamma_item");
    if (stride == view_.factors) return gram(view_.gamma_item, view_.items, stride, /*threads=*/0);
    std::vector<float> padded(int64_t{view_.items} * stride);
    for (int64_t i = 0; i < view_.items; ++i)
      std::copy_n(view_.factors_of_item(i), view_.factors, padded.data() + i * stride);
    return gram(padded.data(), view_.items, stride, /*threads=*/0);
  }

  const ModelParts& parts_;
  const FactorView& view_;
  const FoldInSpec& spec_;
  const StoredArray* implicit_ = nullptr;  // y [I, K]; null: none
  mutable std::once_flag gram_made_;
  mutable std::vector<double> gram_;  // of the items' vectors
};

/// Of each draw the mean of the user's vector (bias, factors) given the history, the draw's items,
/// noise and normal prior. The tables have the draws side by side, the items' divided by S.
class Draws : public FoldObjective {
 public:
  explicit Draws(const ModelParts& parts) : parts_(parts), view_(parts.view) {
    const ModelFile& file = parts.file;
    noise_ = file.array("noise_variance", ValueType::kFloat32).all<float>();
    const int64_t count = draws();
    if (count == 0 || view_.factors % count != 0) file.damaged("its draws do not fit its factors");
    const auto table = [&](const char* name, int64_t size) {
      const auto all = file.array(name, ValueType::kFloat32, size).all<float>();
      if (std::ssize(all) != size) file.damaged(std::string("it has no ") + name);
      return all;
    };
    item_bias_ = table("beta_item_draws", view_.items * count);
    mean_ = table("user_mean_draws", count * size());
    precision_ = table("user_precision_draws", count * size() * size());
  }

  FoldedVector fold(std::span<const HistoryItem> history) const override {
    FoldedVector out;
    double bias = 0;
    for (int64_t s = 0; s < draws(); ++s) {
      const std::vector<double> x = equations(history, s).solution();
      bias += x[0] / static_cast<double>(draws());
      out.factors.insert(out.factors.end(), x.begin() + 1, x.end());
    }
    out.bias = static_cast<float>(bias);
    return out;
  }

  std::vector<double> parts(std::span<const HistoryItem> history, int32_t item) const override {
    std::vector<double> out(history.size());
    for (int64_t s = 0; s < draws(); ++s) {
      const std::vector<double> of_draw = equations(history, s).parts(row_of(item, s));
      for (size_t j = 0; j < out.size(); ++j)
        out[j] += of_draw[j] / static_cast<double>(draws());
    }
    return out;
  }

 private:
  int64_t draws() const { return std::ssize(noise_); }
  int size() const { return static_cast<int>(view_.factors / draws()) + 1; }  // D

  std::vector<double> row_of(int32_t item, int64_t s) const {
    std::vector<double> v = {1};
    const float* const q = view_.factors_of_item(item) + s * (size() - 1);
    for (int k = 1; k < size(); ++k) v.push_back(double{q[k - 1]} * static_cast<double>(draws()));
    return v;
  }

  Equations equations(std::span<const HistoryItem> history, int64_t s) const {
    const int d = size();
    Equations out(d);
    const float* const mean = mean_.data() + s * d;
    const float* const precision = precision_.data() + s * d * d;
    for (int i = 0; i < d; ++i) {
      for (int j = 0; j < d; ++j) out.prior[i] += double{precision[i * d + j]} * mean[j];
      for (int j = 0; j <= i; ++j) out.a.at(i, j) = precision[i * d + j];
    }
    const double certain = 1 / double{noise_[s]};
    for (const HistoryItem& had : history) {
      const double rating = std::isnan(had.rating) ? parts_.fold_in.liked : had.rating;
      const double known = double{view_.mean()} + item_bias_[had.item * draws() + s];
      out.add(row_of(had.item, s), certain, certain * (rating - known));
    }
    out.a.factorise();
    return out;
  }

  const ModelParts& parts_;
  const FactorView& view_;
  std::span<const float> noise_, item_bias_;  // [S], [I, S]
  std::span<const float> mean_, precision_;   // [S, D], [S, D, D]
};

}  // namespace

std::unique_ptr<FoldObjective> make_fold_least_squares(const ModelParts& parts) {
  return std::make_unique<LeastSquares>(parts);
}

std::unique_ptr<FoldObjective> make_fold_draws(const ModelParts& parts) {
  return std::make_unique<Draws>(parts);
}

}  // namespace latent
