// Figures of a model on a part of its data.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "src/config/options.h"
#include "src/data/split.h"
#include "src/score/factor_view.h"

namespace latent {

/// Evaluates models on the parts of one data set.
class Evaluator {
 public:
  /// Keeps a reference to `data`.
  Evaluator(const SplitDataset& data, const RunConfig& config);

  /// Metrics of the "test" or "valid" part, by name; rankings of the validation part mask train
  /// alone.
  nlohmann::ordered_json evaluate(const FactorView& model, const std::string& part) const;
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
    UserItems train, valid, test, train_valid;
  };

  const ItemsOfParts& items() const;  // made when first asked for
  bool wants(const char* kind) const;
  void add_rating(const FactorView& model, const Interactions& rows,
                  nlohmann::ordered_json& out) const;
  void add_ranking(const FactorView& model, const UserItems& held_out, bool test,
                   nlohmann::ordered_json& out) const;

  const SplitDataset& data_;
  const RunConfig& config_;
  double train_mean_;
  mutable std::optional<ItemsOfParts> items_;
};

/// A row for each interaction of a part, "train", "valid" or "test": user,item,rating,prediction
/// (CSV). Throws Error for a part without rows.
void write_predictions(const std::string& path, const FactorView& model, const SplitDataset& data,
                       const std::string& part);

}  // namespace latent
