// A model's tables as an npz file: out for other programs, in as initial values.
#pragma once

#include <string>

#include "models/recommender.h"
#include "src/config/options.h"
#include "src/data/split.h"

namespace latent {

/// Ranking models: what the implicit package's own load() reads (user_factors, item_factors, with
/// the items' bias as the last column). Rating models: alpha, beta_user [U], beta_item [I],
/// gamma_user [U, K], gamma_item [I, K], those that there are. Both with user_ids and item_ids, and
/// the text `trained_on` (see src/run/warm_start.h).
void write_tables(const RunConfig& config, const SplitDataset& data, const RecommenderImpl& model,
                  const std::string& path, const std::string& trained_on);

/// Fills `model` from the file that model.init_path names, written as above. Throws Error for a
/// table that is missing or of another shape, for other ids, and for a damaged file. Returns what
/// the file says it was trained on, or "".
std::string read_initial_tables(const RunConfig& config, const SplitDataset& data,
                                RecommenderImpl& model);

}  // namespace latent
