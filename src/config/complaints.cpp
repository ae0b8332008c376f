#include "src/config/complaints.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "src/base/error.h"
#include "src/base/times.h"
#include "src/config/catalog.h"
#include "src/config/data_sources.h"
#include "src/config/metric_names.h"
#include "src/config/mf_settings.h"
#include "src/config/readers.h"

namespace latent {

namespace {

using nlohmann::json;

bool is_default(const Knob& knob, const Knob& untouched, const ModelInfo& model) {
  if (knob_value(knob) == knob_value(untouched)) return true;
  return std::ranges::any_of(model.defaults, [&](const auto& row) {
    return row.first == knob.name && row.second == knob_value(knob);
  });
}

/// Whether no row at all can be for validation.
bool has_no_validation(const RunConfig& config) {
  const bool file = config.split.kind == "files" && !config.data.valid_path.empty();
  const bool by_date = config.split.kind == "time" && !config.split.valid_from.empty();
  return !file && !by_date && config.split.valid_share() == 0;
}

/// Why the file cannot be read, as reading it would say.
std::optional<std::string> wrong_file(const std::string& path) {
  if (path == "-") return std::nullopt;  // standard input
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) return path + ": is a folder; give a file";
  // Not opened: a pipe can be read but once.
  if (::access(path.c_str(), R_OK) == 0) return std::nullopt;
  return cannot_open(path).what();
}

Complaints missing_files(const RunConfig& config) {
  std::vector<std::string> paths = {config.data.path};
  if (config.split.kind == "files") {
    paths.push_back(config.data.valid_path);
    paths.push_back(config.data.test_path);
  }
  paths.push_back(config.data.ids_path);
  paths.push_back(config.data.titles.path);
  paths.push_back(config.model.init_path);
  Complaints out;
  for (const std::string& path : paths) {
    if (path.empty()) continue;
    if (const auto wrong = wrong_file(path)) out.push_back({"", *wrong});
  }
  const std::string& earlier = config.model.init_from;  // a run's folder, or a file
  std::error_code unknown;
  if (!earlier.empty() && !std::filesystem::is_directory(earlier, unknown)) {
    if (const auto wrong = wrong_file(earlier)) out.push_back({"", *wrong});
  }
  return out;
}

void append(Complaints& to, const Complaints& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// As lines, after what reading had to say.
std::vector<std::string> lines_of(const ResolvedConfig& resolved, const Complaints& found) {
  std::vector<std::string> out = resolved.wrong;
  for (const Complaint& complaint : found) {
    const auto place = resolved.places.find(complaint.knob);
    out.push_back((place == resolved.places.end() ? "" : place->second + ": ") + complaint.text);
  }
  return out;
}

std::vector<std::string> complaints_with(const ResolvedConfig& resolved, bool of_data) {
  // What another model would read is of no help.
  if (resolved.sources.at("model.name") == "wrong") return resolved.wrong;
  const RunConfig& config = resolved.config;
  Complaints found = unread_knobs(resolved);
  append(found, wrong_combinations(config));
  if (of_data) {
    append(found, wrong_split(config.data, config.split));
    const bool trained = has_steps(model_info(config.model.name));
    const bool stops = trained && why_unread("train.patience", config).empty();
    if (stops && config.train.patience > 0 && has_no_validation(config))
      found.push_back({"train.patience",
                       "train.patience needs a validation part; set split.valid, or "
                       "train.patience to 0"});
    append(found, missing_files(config));
  }
  return lines_of(resolved, found);
}

Complaints wrong_dates(const DataOptions& data, const SplitOptions& split) {
  Complaints out;
  const bool test = !split.test_from.empty(), valid = !split.valid_from.empty();
  if ((test || valid) && data.time == "none")
    out.push_back({"data.time", std::string(test ? "split.test_from" : "split.valid_from") +
                                    " needs the rows' times, but data.time is none"});
  if (valid && !test)
    out.push_back({"split.valid_from", "split.valid_from needs split.test_from, before which the "
                                       "validation part ends"});
  if (valid && test && *time_of(split.valid_from) >= *time_of(split.test_from))
    out.push_back({"split.valid_from", "split.valid_from = " + split.valid_from +
                                           " must be before split.test_from = " +
                                           split.test_from});
  return out;
}

/// Of models whose factors are no whole of what they are trained from.
Complaints wrong_sampling(const RunConfig& config) {
  const std::string& name = config.model.name;
  Complaints out;
  if (name == "bayesian_mf" && config.bayes.thin > config.bayes.samples)
    out.push_back({"bayes.thin", "bayes.thin = " + std::to_string(config.bayes.thin) +
                                     " keeps none of bayes.samples = " +
                                     std::to_string(config.bayes.samples) + "; lower it"});
  return out;
}

}  // namespace

Complaints unread_knobs(const ResolvedConfig& resolved) {
  RunConfig config = resolved.config, defaults;
  const ModelInfo& model = model_info(config.model.name);
  const std::vector<Knob> rows = knobs(config), untouched = knobs(defaults);
  Complaints out;
  for (size_t n = 0; n < rows.size(); ++n) {
    const std::string& name = rows[n].name;
    if (!is_given(resolved.sources.at(name)) || is_default(rows[n], untouched[n], model)) continue;
    if (name.starts_with("data.")) continue;  // one file's knobs serve all models
    if (name == "split.valid" && config.split.valid.value == 0.0) continue;  // asks for no part
    // wrong_combinations() refuses them wherever they come from
    if (name == "train.exact" || name == "model.precision") continue;
    const std::string why = why_unread(name, config);
    if (!why.empty()) out.push_back({name, why});
  }
  return out;
}

Complaints wrong_combinations(const RunConfig& config) {
  const ModelInfo& model = model_info(config.model.name);
  const TrainOptions& train = config.train;
  const std::vector<std::string> exact = readers_of("train.exact");
  Complaints out;
  const std::vector<std::string> halved = readers_of("model.precision");
  if (in_bfloat16(config) && std::ranges::count(halved, model.name) == 0)
    out.push_back({"model.precision", "model.precision = bfloat16 is for " + listed(halved) +
                                          "; leave it out for " + model.name});
  if (train.exact && std::ranges::count(exact, model.name) == 0)
    out.push_back({"train.exact", "train.exact is for " + listed(exact) + "; leave it out for " +
                                      model.name});
  if (config.data.weight != "none" && (model.name != "ials" || config.ials.form != "implicit"))
    out.push_back({"data.weight", "data.weight = " + config.data.weight +
                                      " needs model.name = ials with ials.form = implicit"});
  if (!config.model.init_path.empty() && !config.model.init_from.empty())
    out.push_back(
        {"model.init_from", "model.init_from and model.init_path are both given; keep one"});
  if (model.item_item && config.exporting.fit == "all")
    out.push_back({"export.fit", "export.fit = all, but " + model.name +
                                     " cannot be exported; leave it out"});
  append(out, wrong_sampling(config));
  // Solvers work on plain memory.
  const bool on_cpu = model.trained == Trained::kBySolver || model.trained == Trained::kAtOnce;
  if (on_cpu && train.device != "auto" && train.device != "cpu")
    out.push_back({"train.device", "train.device = " + train.device + ", but " + model.name +
                                       " is trained on the CPU; use cpu or auto"});
  if (in_bfloat16(config) && train.device != "auto" && train.device != "cpu")
    out.push_back({"train.device", "train.device = " + train.device +
                                       ", but model.precision = bfloat16 is trained on the CPU; "
                                       "use cpu or auto"});
  if (model.name == "mf") append(out, wrong_mf(config));
  if (!has_steps(model)) return out;
  if (train.refit && train.patience == 0 && why_unread("train.refit", config).empty())
    out.push_back({"train.refit",
                   "train.refit needs train.patience: early stopping chooses the steps to repeat"});
  if (train.refit && config.eval.mask == "train")
    out.push_back({"train.refit",
                   "train.refit trains on the validation part, whose items eval.mask = train "
                   "leaves among the candidates; set eval.mask to train_valid, or train.refit to "
                   "false"});
  try {
    if (train.patience > 0) monitored_metric(config);
  } catch (const Error& e) {
    out.push_back({"train.monitor", e.what()});
  }
  return out;
}

Complaints wrong_shares(const SplitOptions& split) {
  // By date or by fold, a part has no share.
  const bool by_date = split.kind == "time";
  const double test = split.kind == "k_fold" || (by_date && !split.test_from.empty()) ? 0
                                                                                      : split.test;
  const double valid = by_date && !split.valid_from.empty() ? 0 : split.valid_share();
  if (test + valid < 1) return {};
  return {{"split.test", "split.test and split.valid together must be below 1"}};
}

Complaints wrong_split(const DataOptions& data, const SplitOptions& split) {
  const bool files = split.kind == "files";
  const bool parts = !data.valid_path.empty() || !data.test_path.empty();
  Complaints out;
  if (data.path.empty())
    out.push_back({"data.path", "data.path is not set; give the file of ratings"});
  if (!files && parts)
    out.push_back({data.test_path.empty() ? "data.valid_path" : "data.test_path",
                   "data.valid_path and data.test_path need split.kind = files, not " +
                       split.kind});
  if (files && !parts)
    out.push_back({"split.kind", "split.kind = files needs data.test_path or data.valid_path"});
  if (!files) append(out, wrong_shares(split));
  if (split.kind == "time") append(out, wrong_dates(data, split));
  if (split.kind == "k_fold" && split.fold > split.folds)
    out.push_back({"split.fold", "split.fold = " + std::to_string(split.fold) +
                                     " is beyond split.folds = " + std::to_string(split.folds)});
  return out;
}

std::vector<std::string> complaints(const ResolvedConfig& resolved) {
  return complaints_with(resolved, /*of_data=*/true);
}

std::vector<std::string> complaints_apart_from_data(const ResolvedConfig& resolved) {
  return complaints_with(resolved, /*of_data=*/false);
}

void refuse(const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  throw Error(text);
}

void refuse(const Complaints& found) {
  std::vector<std::string> lines;
  for (const Complaint& complaint : found) lines.push_back(complaint.text);
  refuse(lines);
}

}  // namespace latent
