// Names of the metrics, for train.monitor and for tables.
#pragma once

#include <string>

#include "src/config/options.h"

namespace latent {

/// mse, rmse, mae, rounded_mse: the lower the better, and computed from predicted ratings.
bool is_rating_metric(const std::string& name);

/// The metric by which runs are told apart where nobody names one: rmse of a model of ratings, of
/// rankings ndcg at the least of the cut-offs eval.k that is 10 or more ("ndcg@10").
std::string main_metric(const RunConfig& config);

/// Whether less of `name`, a figure of metrics.json, is better.
bool is_error_metric(const std::string& name);

/// The metric that train.monitor names, with auto resolved: "mse", "ndcg@10". Throws Error for a
/// name that is none, and for one that does not fit the model.
std::string monitored_metric(const RunConfig& config);

}  // namespace latent
