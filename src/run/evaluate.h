// Figures of a model on a part of its data.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "src/base/peers.h"
#include "src/config/options.h"
#include "src/data/split.h"
#include "src/metrics/per_user.h"
#include "src/run/fit.h"
#include "src/score/factor_view.h"

namespace latent {

/// Evaluates models on the parts of one data set.
class Evaluator {
 public:
  /// Keeps references. `fit`: whose weights are judged.
  Evaluator(const SplitDataset& data, const RunConfig& config, Fit fit = Fit::kTested);

  /// Of several ranks: whose users are whose. Each judges its own, all at once; the first one's
  /// figures are those of all, and the other ones' mean nothing.
  void share(const OwnedRows& users) { users_ = users; }
  /// Labels the test part: a warm start has seen rows of it.
  void set_leaked(bool leaked) { leaked_ = leaked_ || leaked; }
  /// Error where a part holds nothing but pairs of the training part and rankings are asked for: no
  /// ranking could find them. Where only ratings are, a note on stderr.
  void require_other_pairs();
  /// Metrics of the "test" or "valid" part, by name; rankings of the validation part mask train
  /// alone. `per_user`: takes each user's own figures; null: nobody does.
  nlohmann::ordered_json evaluate(const FactorView& model, const std::string& part,
                                  PerUserFigures* per_user = nullptr) const;
  /// One figure of the validation part, for early stopping. `name` has passed check_monitor.
  double monitored(const FactorView& model, const std::string& name) const;

  /// The metric that train.monitor stands for; Error when there is none of that name.
  std::string monitor_name() const;
  static bool higher_is_better(const std::string& metric);

  /// Items by user of the training part, and of it with the validation part: made once, when first
  /// asked for.
  const UserItems& train_items() const { return items().train; }
  const UserItems& seen_items() const { return items().seen(); }

 private:
  /// What rankings need: each part's items by user.
  struct ItemsOfParts {
    explicit ItemsOfParts(const SplitDataset& data);
    /// Of train and valid.
    const UserItems& seen() const { return valid.item.empty() ? train : train_valid; }
    UserItems train, valid, train_valid;
  };

  const ItemsOfParts& items() const;  // made when first asked for

  const SplitDataset& data_;
  const RunConfig& config_;
  bool trained_on_all_, leaked_ = false, valid_leaked_ = false;
  double train_mean_;
  OwnedRows users_;
  mutable std::optional<ItemsOfParts> items_;
  mutable std::optional<UserItems> monitored_, not_negative_;  // of the validation part
};

/// A line for each of `rows`: user,item,rating,prediction (CSV).
void write_predictions(const std::string& path, const FactorView& model, const Interactions& rows,
                       const IdMap& users, const IdMap& items);

}  // namespace latent
