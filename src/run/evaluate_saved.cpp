// Metrics of what a run left behind; see saved_run.h.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "src/base/error.h"
#include "src/base/json_text.h"
#include "src/base/log.h"
#include "src/config/complaints.h"
#include "src/metrics/ranking.h"
#include "src/run/evaluate.h"
#include "src/run/later_data.h"
#include "src/run/loaded_run.h"
#include "src/run/model_for_data.h"
#include "src/run/part_metrics.h"
#include "src/run/saved_run.h"
#include "src/run/write_model.h"
#include "src/serve/served_model.h"
#include "src/train/module_view.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

Error other_ids(const std::string& where, const std::string& data) {
  return Error(
      where + ": the ids of " + data +
      " are not those the model was trained on; evaluate on the same file and row filters, or "
      "judge a later file with --data FILE");
}

bool same_ids(const IdMap& data, const IdTable& model) {
  return std::ranges::equal(data.text(), model.text()) &&
         std::ranges::equal(data.ends(), model.start(), [](uint64_t end, int64_t start) {
           return static_cast<int64_t>(end) == start;
         });
}

/// Other data may be meant, but another split of it is hardly ever.
void tell_of_changed_data(const SplitDataset& data, const nlohmann::json& provenance,
                          const std::string& where) {
  const std::string then = provenance.value("data_crc32", "");
  if (then != hex(data.checksum))
    say(where +
        ": not the data of the training: its split may put training rows among the test rows");
}

ordered_json evaluate_parts(const FactorView& view, const SplitDataset& data,
                            const RunConfig& config, Fit fit,
                            const PredictionsRequest& predictions, bool leaked) {
  Evaluator evaluator(data, config, fit);
  evaluator.set_leaked(leaked);
  tell_how_read(data.read_as, ranks(config));
  evaluator.require_other_pairs();
  ordered_json out;
  for (const char* part : {"test", "valid"}) {
    out[part] = evaluator.evaluate(view, part);
    tell_of_part(out[part], part, config);
  }
  if (predictions.path.empty()) return out;
  const Interactions& rows = predictions.part == "train"   ? data.parts.train
                             : predictions.part == "valid" ? data.parts.valid
                                                           : data.parts.test;
  if (rows.size() == 0)
    throw Error("--predictions: the " + predictions.part +
                " part has no rows; choose another with --part");
  write_predictions(predictions.path, view, rows, data.users, data.items);
  return out;
}

/// What the model of `fit` was trained on, as a later file is judged against it.
TrainedModel trained_model(const FactorView& view, const RunConfig& config,
                           const SplitDataset& data, Fit fit) {
  TrainedModel out{.view = view,
                   .users = data.users,
                   .items = data.items,
                   .train_mean = mean_rating(data.parts.train)};
  const bool all = fit == Fit::kAll;
  const FittedRows known(data, all || config.eval.mask == "train_valid", all);
  out.known = user_items(known.get(), data.users.size());
  // As Evaluator counts them.
  out.item_counts = popularity(user_items(data.parts.train, data.users.size()), data.items.size());
  out.item_offsets = item_offsets(data.parts.train, out.train_mean, data.items.size());
  RowsOfFit rows = rows_of_fit(config, data, fit);
  out.user_rows = std::move(rows.users);
  out.item_rows = std::move(rows.items);
  return out;
}

/// The data that `config` names, if it is still that of the training.
std::optional<SplitDataset> training_data(const RunConfig& config, const ordered_json& metadata) {
  try {
    SplitDataset data = load_dataset(config.data, config.split);
    const auto provenance = object_in(metadata, "provenance");
    if (provenance.value("data_crc32", "") == hex(data.checksum)) return data;
  } catch (const Error&) {
  }
  return std::nullopt;
}

IdMap map_of(const IdTable& ids) {
  return IdMap({ids.text().begin(), ids.text().end()}, {ids.start().begin(), ids.start().end()});
}

/// What a model file alone says of that: all of its histories count as known.
TrainedModel trained_model(const ServedModel& model, const ordered_json& metadata) {
  const UserItemsView& seen = model.seen();
  TrainedModel out{.view = model.view(),
                   .users = map_of(model.user_ids()),
                   .items = map_of(model.item_ids()),
                   .train_mean = metadata.value("train_mean", std::nan(""))};
  out.known.start.assign(seen.start.begin(), seen.start.end());
  out.known.item.assign(seen.item.begin(), seen.item.end());
  const auto counts = [](std::span<const int32_t> rows, int32_t size) {
    return rows.empty() ? std::vector<int32_t>(size, 1) : std::vector(rows.begin(), rows.end());
  };
  out.user_rows = counts(model.user_rows(), model.user_ids().size());
  out.item_rows = counts(model.item_rows(), model.item_ids().size());
  out.item_counts.assign(out.item_rows.begin(), out.item_rows.end());
  return out;
}

ordered_json evaluate_model(const EvaluateRequest& request) {
  const std::string& path = request.run_or_model;
  for (const std::string& set : request.sets) {
    if (set.rfind("data.rating_scale", 0) == 0)
      throw Error(path + ": a model file keeps the range of ratings it was exported with; "
                  "set data.rating_scale for its run, or train with it");
  }
  const ServedModel model(path);
  const auto metadata = json_of<ordered_json>(model.metadata());
  if (!metadata.is_object() || !metadata.contains("config"))
    throw Error(path + ": holds no config, so it cannot be evaluated");
  ordered_json saved = metadata["config"];
  saved["provenance"] = object_in(metadata, "provenance");
  const ResolvedConfig resolved = resolve_with_complaints(saved.dump(), path, request.sets);
  refuse(complaints_apart_from_data(resolved));
  const RunConfig& config = resolved.config;
  use_threads(config);
  const Fit fit = metadata.value("fit", "tested") == "all" ? Fit::kAll : Fit::kTested;
  if (!request.data.empty()) {
    const auto data = training_data(config, metadata);
    if (!data)
      say(path + ": the data of its training is not at hand, so every pair of its histories counts "
          "as known");
    return evaluate_later(data ? trained_model(model.view(), config, *data, fit)
                               : trained_model(model, metadata),
                          config, request.data, request.predictions.path);
  }
  const SplitDataset data = load_dataset(config.data, config.split);
  if (!same_ids(data.users, model.user_ids()) || !same_ids(data.items, model.item_ids()))
    throw other_ids(path, config.data.path);
  const auto provenance = object_in(metadata, "provenance");
  tell_of_changed_data(data, provenance, path);
  return evaluate_parts(model.view(), data, config, fit, request.predictions,
                        provenance.value("leaked", false));
}

ordered_json evaluate_run(const EvaluateRequest& request) {
  const RunDirectory run = RunDirectory::open(request.run_or_model);
  const auto provenance = saved_provenance(run);
  tell_if_unfinished(run);
  // The file of the training may have grown into the later one; the model's own file knows enough.
  const bool has_model = !request.data.empty() && std::filesystem::exists(run.model());
  const auto by_model = [&] {
    EvaluateRequest of_model = request;
    of_model.run_or_model = run.model();
    return evaluate_model(of_model);
  };
  std::optional<LoadedRun> saved;
  try {
    saved.emplace(run, request.sets, Fit::kTested);
  } catch (const Error&) {
    if (!has_model) throw;
    return by_model();
  }
  const RunConfig& config = saved->config;
  if (has_model && provenance.value("data_crc32", "") != hex(saved->data.checksum))
    return by_model();
  if (provenance.value("ids_crc32", "") != hex(ids_checksum(saved->data)))
    throw other_ids(run.path(), config.data.path);
  saved->load_weights(run);
  tell_of_changed_data(saved->data, provenance, run.path());
  const ModuleView view(*saved->model);
  if (request.data.empty())
    return evaluate_parts(view.view(), saved->data, config, Fit::kTested, request.predictions,
                          provenance.value("leaked", false));
  return evaluate_later(trained_model(view.view(), config, saved->data, Fit::kTested), config,
                        request.data, request.predictions.path);
}

}  // namespace

ordered_json evaluate_saved(const EvaluateRequest& request) {
  return std::filesystem::is_directory(request.run_or_model) ? evaluate_run(request)
                                                             : evaluate_model(request);
}

}  // namespace latent
