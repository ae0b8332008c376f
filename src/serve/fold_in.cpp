#include "src/serve/fold_in.h"

#include <algorithm>
#include <cmath>

#include "src/base/error.h"

namespace latent {

namespace {

/// elsa: the sum of the items' vectors; with cosines the sum's direction, in which those of
/// directau are nearest to them.
class FoldSum : public FoldObjective {
 public:
  explicit FoldSum(const ModelParts& parts) : parts_(parts) {}

  FoldedVector fold(std::span<const HistoryItem> history) const override {
    const std::vector<double> sum = sum_of(history);
    const double scale = scale_of(sum);
    FoldedVector out;
    for (const double value : sum) out.factors.push_back(static_cast<float>(scale * value));
    return out;
  }

  std::vector<double> parts(std::span<const HistoryItem> history, int32_t item) const override {
    const double scale = scale_of(sum_of(history));
    const float* const q = parts_.view.factors_of_item(item);
    std::vector<double> out;
    for (const HistoryItem& had : history) {
      const float* const own = parts_.view.factors_of_item(had.item);
      double product = 0;
      for (int32_t k = 0; k < parts_.view.factors; ++k) product += double{own[k]} * q[k];
      out.push_back(scale * product);
    }
    return out;
  }

 private:
  std::vector<double> sum_of(std::span<const HistoryItem> history) const {
    std::vector<double> sum(static_cast<size_t>(parts_.view.factors));
    for (const HistoryItem& had : history) {
      const float* const own = parts_.view.factors_of_item(had.item);
      for (size_t k = 0; k < sum.size(); ++k) sum[k] += own[k];
    }
    return sum;
  }
  double scale_of(std::span<const double> sum) const {
    if (!parts_.fold_in.cosine) return 1;
    double squares = 0;
    for (const double value : sum) squares += value * value;
    return 1 / std::max(std::sqrt(squares), 1e-12);
  }

  const ModelParts& parts_;
};

}  // namespace

std::unique_ptr<FoldObjective> make_fold_sum(const ModelParts& parts) {
  return std::make_unique<FoldSum>(parts);
}

std::unique_ptr<FoldObjective> make_fold_objective(const ModelParts& parts) {
  const std::string& path = parts.file.path();
  if (parts.view.factors == 0)
    throw Error(path + ": a model of kind " + parts.file.text("model_name") +
                " has no factors, so it folds nobody in");
  switch (parts.fold_in.objective) {
    case FoldInSpec::kLeastSquares: return make_fold_least_squares(parts);
    case FoldInSpec::kDraws: return make_fold_draws(parts);
    case FoldInSpec::kSum: return make_fold_sum(parts);
    case FoldInSpec::kLoss: return make_fold_loss(parts);
    default:
      throw Error(path + ": does not say how to fold in new users, as files of an earlier version "
                         "don't; write it again with latent export");
  }
}

std::vector<HistoryItem> usable_history(const ModelParts& parts,
                                        std::span<const HistoryItem> history) {
  std::vector<HistoryItem> out;
  for (const HistoryItem& had : history) {
    if (parts.item_rows.empty() || parts.item_rows[had.item] > 0) out.push_back(had);
  }
  if (out.empty())
    throw Error(parts.file.path() + ": there is no item in the history that the model was trained "
                                    "on, so nobody can be folded in");
  std::ranges::stable_sort(out, {}, &HistoryItem::item);
  std::vector<HistoryItem> last;
  for (const HistoryItem& had : out) {
    if (!last.empty() && last.back().item == had.item) last.pop_back();
    last.push_back(had);
    parts.need_item(had.item);
  }
  return last;
}

}  // namespace latent
