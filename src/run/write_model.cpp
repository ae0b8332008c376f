#include "src/run/write_model.h"

#include <vector>

#include "src/config/write.h"
#include "src/export/torchscript.h"
#include "src/run/model_for_data.h"

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

std::vector<int32_t> counts_of(const std::vector<int32_t>& ids, int32_t size) {
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

RowsOfFit rows_of_fit(const RunConfig& config, const SplitDataset& data, Fit fit) {
  const bool all = fit == Fit::kAll || config.train.rows == "all";
  const FittedRows fitted(data, all || config.train.refit, all);
  return {counts_of(fitted.get().user, data.users.size()),
          counts_of(fitted.get().item, data.items.size())};
}

void write_model(const RunConfig& config, const SplitDataset& data, const RecommenderImpl& model,
                 Fit fit, const ModelDestination& to, const ordered_json& metrics) {
  const UserItems seen = seen_by(data, config.exporting);
  const RowsOfFit rows = rows_of_fit(config, data, fit);
  const bool all_of_file = config.exporting.seen == "file";
  const IdMap nobody;
  const IdMap& strangers = all_of_file ? data.strangers.users : nobody;
  const Pairs& had = data.strangers.pairs;
  const UserItems strangers_seen =
      all_of_file ? UserItems(had.user, had.item, strangers.size()) : UserItems({}, {}, 0);
  const auto write = to.kind == ModelFileKind::kSafetensors ? export_safetensors : export_torchscript;
  write(
      to.path, {.model_name = config.model.name,
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
             .bias_is_a_factor = model.bias_is_a_factor(),
             .metadata = {{"config", config_to_json(config)},
                          {"fit", fit == Fit::kAll ? "all" : "tested"},
                          {"metrics", metrics},
                          {"train_mean", mean_rating(data.parts.train)},
                          {"provenance", provenance_of(config, data, metrics_leaked(metrics))}}});
}

}  // namespace latent
