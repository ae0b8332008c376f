#include "src/run/write_model.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "models/models_with_sets.h"
#include "src/config/write.h"
#include "src/export/torchscript.h"
#include "src/export/triton.h"
#include "src/run/model_for_data.h"
#include "src/train/fold_objective.h"

namespace latent {

using nlohmann::ordered_json;

namespace {

/// What nobody is to be recommended.
UserItems seen_by(const SplitDataset& data, const ExportOptions& options) {
  const int32_t users = data.users.size();
  if (options.seen == "none") return UserItems({}, {}, users);
  const auto part = [&](const Interactions& rows) { return user_items(rows, users); };
  UserItems seen = part(data.parts.train);
  if (data.parts.valid.size() > 0) seen = merged(seen, part(data.parts.valid));
  if (options.seen == "train_valid") return seen;
  if (data.parts.test.size() > 0) seen = merged(seen, part(data.parts.test));
  if (data.left_out.size() > 0)
    seen = merged(seen, UserItems(data.left_out.user, data.left_out.item, users));
  return seen;
}

/// What the file says of each seen pair: its rating, or whether it is a row of the fit.
struct SeenRows {
  std::vector<float> ratings;
  std::vector<uint8_t> fitted;
};
SeenRows seen_rows(const UserItems& seen, const Interactions& rows, const FoldInSpec& fold_in) {
  SeenRows out;
  if (fold_in.objective == FoldInSpec::kNone) return out;
  if (fold_in.reads_ratings())
    out.ratings.assign(seen.item.size(), std::nanf(""));
  else
    out.fitted.assign(seen.item.size(), 0);
  for (int64_t n = 0; n < rows.size(); ++n) {
    const auto from = seen.item.begin() + seen.start[rows.user[n]],
               to = seen.item.begin() + seen.start[rows.user[n] + 1];
    const auto at = std::lower_bound(from, to, rows.item[n]);
    if (at == to || *at != rows.item[n]) continue;
    const auto place = static_cast<size_t>(at - seen.item.begin());
    if (fold_in.reads_ratings())
      out.ratings[place] = rows.rating[n];
    else
      out.fitted[place] = 1;
  }
  if (std::ranges::count(out.fitted, 1) == std::ssize(out.fitted)) out.fitted.clear();
  return out;
}

std::vector<int32_t> counts_of(std::span<const int32_t> ids, int32_t size) {
  std::vector<int32_t> counts(size);
  for (const int32_t id : ids) ++counts[id];
  return counts;
}

/// Whether the test part was labelled so.
bool metrics_leaked(const ordered_json& metrics) {
  return metrics.is_object() && metrics.contains("test") &&
         metrics["test"].value("leaked", false);
}

}  // namespace

std::string not_exported(const std::string& model) {
  return model + " scores by similarities of items, which no exported file holds; judge it with "
                 "latent evaluate, or export another model, such as ials";
}

namespace {

FittedRows fitted_rows(const RunConfig& config, const SplitDataset& data, Fit fit) {
  const bool all = fit == Fit::kAll || config.train.rows == "all";
  return FittedRows(data, all || config.train.refit, all);
}

}  // namespace

RowsOfFit rows_of_fit(const RunConfig& config, const SplitDataset& data, Fit fit) {
  const FittedRows fitted = fitted_rows(config, data, fit);
  return {counts_of(fitted.get().user, data.users.size()),
          counts_of(fitted.get().item, data.items.size())};
}

void write_model(const RunConfig& config, const SplitDataset& data, const RecommenderImpl& model,
                 Fit fit, const ModelDestination& to, const ordered_json& metrics) {
  const UserItems seen = seen_by(data, config.exporting);
  const RowsOfFit rows = rows_of_fit(config, data, fit);
  const FittedRows fitted = fitted_rows(config, data, fit);
  const FoldInSpec fold_in =
      fold_objective(config, fitted.get(), data.users.size(), data.items.size());
  const auto* const svdpp = dynamic_cast<const SvdppImpl*>(&model);
  const SeenRows seen_by_fit = seen_rows(seen, fitted.get(), fold_in);
  const bool all_of_file = config.exporting.seen == "file";
  const IdMap nobody;
  const IdMap& strangers = all_of_file ? data.strangers.users : nobody;
  const Pairs& had = data.strangers.pairs;
  const UserItems strangers_seen =
      all_of_file ? UserItems(had.user, had.item, strangers.size()) : UserItems({}, {}, 0);
  const auto write = [&](const ExportSpec& spec) {
    switch (to.kind) {
      case ModelFileKind::kTriton:
        return export_triton({to.path, to.name, to.list_length}, spec);
      case ModelFileKind::kSafetensors: return export_safetensors(to.path, spec);
      default: return export_torchscript(to.path, spec);
    }
  };
  write(
      {.model_name = config.model.name,
             .tables = model.scored(),
             .users = &data.users,
             .items = &data.items,
             .seen = &seen,
             .strangers = &strangers,
             .strangers_seen = &strangers_seen,
             .user_rows = rows.users,
             .item_rows = rows.items,
             .titles = &data.titles,
             .lowest = model.spec().lowest,
             .highest = model.spec().highest,
             .default_prediction = model.default_prediction(),
             .draws = model.draws(),
             .fold_in = fold_in,
             .implicit_item = svdpp != nullptr ? svdpp->implicit_item() : torch::Tensor(),
             .seen_ratings = seen_by_fit.ratings,
             .seen_fitted = seen_by_fit.fitted,
             .bias_is_a_factor = model.bias_is_a_factor(),
             .metadata = {{"config", config_to_json(config)},
                          {"fit", fit == Fit::kAll ? "all" : "tested"},
                          {"metrics", metrics},
                          {"train_mean", mean_rating(data.parts.train)},
                          {"provenance", provenance_of(config, data, metrics_leaked(metrics))}}});
}

}  // namespace latent
