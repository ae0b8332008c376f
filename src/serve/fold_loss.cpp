// Users by losses of what they have against other items: bpr and the losses of mf.
#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "src/serve/fold_in.h"
#include "src/serve/fold_losses.h"

namespace latent {

namespace {

/// Vectors with their factors outside: [K, count], so that sums run over neighbours.
struct Columns {
  Columns(const FactorView& view, std::span<const int32_t> items)
      : count(items.size()),
        values(count * static_cast<size_t>(view.factors)),
        bias(count) {
    for (size_t n = 0; n < count; ++n) {
      const float* const q = view.factors_of_item(items[n]);
      for (int32_t k = 0; k < view.factors; ++k)
        values[static_cast<size_t>(k) * count + n] = q[k];
      if (view.beta_item != nullptr) bias[n] = view.beta_item[items[n]];
    }
  }

  /// Into scores: scale * x . vector + bias.
  void score(std::span<const double> x, double scale, std::vector<double>& scores) const {
    scores = bias;
    for (size_t k = 0; k < x.size(); ++k) {
      const double* const column = &values[k * count];
      const double factor = scale * x[k];
      for (size_t n = 0; n < count; ++n) scores[n] += factor * column[n];
    }
  }
  /// gradient += sum of slope times vector.
  void pull(std::span<const double> slopes, std::span<double> gradient) const {
    for (size_t k = 0; k < gradient.size(); ++k) {
      const double* const column = &values[k * count];
      double sums[4] = {};  // an order that vectors can take
      size_t n = 0;
      for (; n + 4 <= count; n += 4) {
        for (size_t lane = 0; lane < 4; ++lane) sums[lane] += slopes[n + lane] * column[n + lane];
      }
      for (; n < count; ++n) sums[0] += slopes[n] * column[n];
      gradient[k] += (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
  }

  size_t count;
  std::vector<double> values, bias;
};

/// Other items and how much each counts, together 1.
struct Others {
  std::vector<int32_t> item;
  std::vector<double> weight;
};

class FoldLoss : public FoldObjective {
 public:
  explicit FoldLoss(const ModelParts& parts)
      : parts_(parts), view_(parts.view), spec_(parts.fold_in) {
    if (!has_user_loss(spec_.loss)) parts.file.damaged("an unknown loss in its fold_in");
    parts.need_all("gamma_item");
    parts.need_all("beta_item");
    double sum = 0;
    for (int32_t i = 0; i < view_.items; ++i) upto_.push_back(sum += weight_of(i));
  }

  FoldedVector fold(std::span<const HistoryItem> history) const override {
    const std::vector<double> x = Problem(*this, history).minimum();
    FoldedVector out;
    for (const double value : x) out.factors.push_back(static_cast<float>(value));
    return out;
  }

  /// At the minimum the vector is a sum of slopes times vectors of items: an item's part is what
  /// its own term makes of the score.
  std::vector<double> parts(std::span<const HistoryItem> history, int32_t item) const override {
    Problem problem(*this, history);
    const std::vector<double> x = problem.minimum();
    const std::vector<double> slopes = problem.own_slopes(x);
    const double scale = problem.scale_of_terms(x);
    const float* const q = view_.factors_of_item(item);
    std::vector<double> out;
    for (size_t n = 0; n < history.size(); ++n) {
      const float* const own = view_.factors_of_item(history[n].item);
      double product = 0;
      for (int32_t k = 0; k < view_.factors; ++k) product += double{own[k]} * q[k];
      out.push_back(-slopes[n] * product * scale);
    }
    return out;
  }

 private:
  double weight_of(int32_t item) const {
    if (!spec_.popular_negatives) return 1;
    return parts_.item_rows.empty() ? 1 : parts_.item_rows[item];
  }

  /// All items that the history lacks; of a large catalogue some thousand, evenly spaced in the
  /// order of the items, each as likely as its weight.
  Others others(std::span<const HistoryItem> history) const {
    const auto count = static_cast<int64_t>(history.size());
    const int64_t most = std::clamp<int64_t>((int64_t{1} << 17) / count, 1024, 4096);
    Others out;
    const auto add = [&](int32_t item, double weight) {
      const bool had = std::ranges::binary_search(history, item, {}, &HistoryItem::item);
      if (had || weight == 0) return;
      out.item.push_back(item);
      out.weight.push_back(weight);
    };
    if (view_.items <= most) {
      for (int32_t i = 0; i < view_.items; ++i) add(i, weight_of(i));
    } else {
      for (int64_t n = 0; n < most; ++n) {
        const double place =
            (static_cast<double>(n) + 0.5) * upto_.back() / static_cast<double>(most);
        const auto at = std::ranges::upper_bound(upto_, place);
        add(static_cast<int32_t>(std::min<int64_t>(at - upto_.begin(), view_.items - 1)), 1);
      }
    }
    if (spec_.popular_negatives && view_.items <= most) sort_by_weight(out);
    if (out.item.empty()) {  // who has everything is told from nothing: any vector will do
      out.item.push_back(history.front().item);
      out.weight.push_back(1);
    }
    double sum = 0;
    for (const double weight : out.weight) sum += weight;
    for (double& weight : out.weight) weight /= sum;
    return out;
  }

  static void sort_by_weight(Others& others) {
    std::vector<std::pair<double, int32_t>> order;
    for (size_t n = 0; n < others.item.size(); ++n)
      order.emplace_back(others.weight[n], others.item[n]);
    std::ranges::sort(order);
    for (size_t n = 0; n < order.size(); ++n)
      std::tie(others.weight[n], others.item[n]) = order[n];
  }

  /// The loss of a history's scores by the user's vector, and the penalty on it.
  class Problem {
   public:
    Problem(const FoldLoss& fold, std::span<const HistoryItem> history)
        : Problem(fold, history, fold.others(history)) {}

    std::vector<double> minimum() {
      std::vector<double> x(static_cast<size_t>(fold_.view_.factors));
      if (fold_.spec_.cosine) {
        const std::vector<double> ones(own_.count, 1.0);
        own_.pull(ones, x);
        to_length_one(x);
      }
      minimise([&](auto at, auto gradient) { return value(at, gradient); }, x);
      if (fold_.spec_.cosine) to_length_one(x);
      return x;
    }

    /// d loss / d score of each item of the history.
    std::vector<double> own_slopes(const std::vector<double>& x) {
      std::vector<double> gradient(x.size());
      (void)value(x, gradient);
      return scores_.own_slope;
    }

    /// The minimum is this times minus the sum of slopes times vectors.
    double scale_of_terms(const std::vector<double>& x) {
      if (!fold_.spec_.cosine) return 1 / (2 * penalty_);
      std::vector<double> sum(x.size());
      own_.pull(scores_.own_slope, sum);
      others_.pull(scores_.other_slope, sum);
      return 1 / std::max(length(sum), 1e-12);
    }

   private:
    Problem(const FoldLoss& fold, std::span<const HistoryItem> history, const Others& others)
        : fold_(fold), own_(fold.view_, items_of(history)), others_(fold.view_, others.item) {
      scores_.weight = others.weight;
      // A model without a penalty stopped before its vectors grew without end; this one stops too.
      constexpr double kLeast = 1e-4;
      const auto n = static_cast<double>(history.size());
      penalty_ = std::max(fold.spec_.factors.of(n) / n, kLeast);
    }

    static std::vector<int32_t> items_of(std::span<const HistoryItem> history) {
      std::vector<int32_t> out;
      for (const HistoryItem& had : history) out.push_back(had.item);
      return out;
    }
    static double length(std::span<const double> x) {
      double squares = 0;
      for (const double value : x) squares += value * value;
      return std::sqrt(squares);
    }
    static void to_length_one(std::vector<double>& x) {
      const double norm = std::max(length(x), 1e-12);
      for (double& value : x) value /= norm;
    }

    double value(std::span<const double> x, std::span<double> gradient) {
      const double norm = std::max(length(x), 1e-12);
      const double scale = fold_.spec_.cosine ? 1 / norm : 1;
      own_.score(x, scale, scores_.own);
      others_.score(x, scale, scores_.others);
      const double loss = user_loss(fold_.spec_, scores_);
      std::ranges::fill(gradient, 0);
      own_.pull(scores_.own_slope, gradient);
      others_.pull(scores_.other_slope, gradient);
      if (!fold_.spec_.cosine) {
        for (size_t k = 0; k < x.size(); ++k) gradient[k] += 2 * penalty_ * x[k];
        return loss + penalty_ * norm * norm;
      }
      double along = 0;
      for (size_t k = 0; k < x.size(); ++k) along += gradient[k] * x[k] / norm;
      for (size_t k = 0; k < x.size(); ++k)
        gradient[k] = (gradient[k] - along * x[k] / norm) / norm;
      return loss;
    }

    const FoldLoss& fold_;
    Columns own_, others_;
    UserScores scores_;
    double penalty_;
  };

  const ModelParts& parts_;
  const FactorView& view_;
  const FoldInSpec& spec_;
  std::vector<double> upto_;  // the weights of the items up to each one
};

}  // namespace

std::unique_ptr<FoldObjective> make_fold_loss(const ModelParts& parts) {
  return std::make_unique<FoldLoss>(parts);
}

}  // namespace latent
