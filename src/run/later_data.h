// A trained model judged on a file that came later, with users and items that it does not know.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/config/options.h"
#include "src/data/id_map.h"
#include "src/score/factor_view.h"
#include "src/score/user_items.h"

namespace latent {

/// A model and what it was trained on, by its own rows.
struct TrainedModel {
  FactorView view;
  IdMap users, items;
  UserItems known = {};                           ///< pairs that rankings mask
  std::vector<int32_t> user_rows = {}, item_rows = {};  ///< [U], [I] of the fit
  std::vector<float> item_counts = {};  ///< [I] the popularity baseline
  std::vector<float> item_offsets = {};  ///< [I] the item_mean baseline; empty: not known
  double train_mean = 0;
};

/// Metrics of all rows of `path`, which is read and filtered as `config` says of data.path, but for
/// min_user and min_item. Users and items that the model lacks are cold: their terms are left out
/// of a score. `predictions`: a file for user,item,rating,prediction; empty: none.
nlohmann::ordered_json evaluate_later(TrainedModel model, const RunConfig& config,
                                      const std::string& path, const std::string& predictions);

}  // namespace latent
