#include "src/run/train_run.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "models/catalog.h"
#include "models/registry.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/version.h"
#include "src/config/write.h"
#include "src/data/split.h"
#include "src/export/torchscript.h"
#include "src/run/evaluate.h"
#include "src/run/run_directory.h"
#include "src/sampling/sampler.h"
#include "src/serve/served_model.h"
#include "src/train/module_view.h"
#include "src/train/trainer.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

void use_threads(const RunConfig& config) {
  if (config.train.threads > 0) at::set_num_threads(static_cast<int>(config.train.threads));
}

std::string hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%08x", value);
  return text;
}

/// Of all ids in their order, which gives the rows of the tables their meaning.
uint32_t ids_checksum(const SplitDataset& data) {
  uint32_t crc = 0;
  for (const IdMap* ids : {&data.users, &data.items}) {
    crc = crc32_of(ids->text().data(), ids->text().size(), crc);
    crc = crc32_of(ids->ends().data(), ids->ends().size() * sizeof(uint64_t), crc);
  }
  return crc;
}

/// A config, its data and the model made for them: what training and everything after it start
/// from.
struct Setup {
  explicit Setup(const RunConfig& given)
      : config(given),
        device(resolve_device(given.train.device)),
        data(load_dataset(given.data, given.split)) {
    use_threads(config);
    new_model(data.parts.train);
  }

  /// A fresh model whose alpha starts at the mean of `rows`.
  void new_model(const Interactions& rows) {
    model = make_model(config.model.name,
                       model_spec(config, data.users.size(), data.items.size(), mean_rating(rows)));
    model->to(device);
  }

  ordered_json provenance() const {
    return {{"program", std::string("latent ") + kVersion},
            {"torch", torch_version()},
            {"data_crc32", hex(data.checksum)},
            {"ids_crc32", hex(ids_checksum(data))},
            {"seed", config.train.seed},
            {"device", device.str()},
            {"users", data.users.size()},
            {"items", data.items.size()}};
  }

  ModuleView view() const {
    return ModuleView(model->tables(), data.users.size(), data.items.size());
  }

  RunConfig config;
  torch::Device device;
  SplitDataset data;
  Recommender model;
};

/// The training part, and further parts where they are asked for; no copy is made where they are
/// not.
class FittedRows {
 public:
  FittedRows(const SplitDataset& data, bool with_valid, bool with_test)
      : train_(data.parts.train), joined_(with_valid || with_test) {
    if (!joined_) return;
    rows_ = train_;
    if (with_valid) rows_.append(data.parts.valid);
    if (with_test) rows_.append(data.parts.test);
  }
  const Interactions& get() const { return joined_ ? rows_ : train_; }

 private:
  const Interactions& train_;
  bool joined_;
  Interactions rows_;
};

int64_t steps_of(const RunConfig& config, const Sampler& sampler) {
  return config.train.epochs > 0 ? config.train.epochs * sampler.batches_per_epoch()
                                 : config.train.steps;
}

std::optional<Monitor> monitor_of(const Setup& setup, const Evaluator& evaluator,
                                  const Sampler& sampler) {
  const TrainOptions& train = setup.config.train;
  if (train.patience == 0) return std::nullopt;
  if (setup.data.parts.valid.size() == 0)
    throw Error("train.patience needs a validation part; set split.valid, or train.patience to 0");
  Monitor monitor;
  monitor.name = evaluator.monitor_name();
  monitor.higher_is_better = Evaluator::higher_is_better(monitor.name);
  monitor.every = train.eval_every > 0 ? train.eval_every : sampler.batches_per_epoch();
  monitor.patience = train.patience;
  monitor.measure = [&setup, &evaluator, name = monitor.name] {
    return evaluator.monitored(setup.view().view(), name);
  };
  return monitor;
}

ordered_json train_figures(const TrainSummary& summary, int64_t batch_size) {
  ordered_json out = {{"seconds", summary.seconds}, {"steps", summary.steps}};
  if (summary.steps == 0) return out;
  out["objective"] = summary.objective;
  if (summary.seconds > 0)
    out["samples_per_second"] = static_cast<double>(summary.steps * batch_size) / summary.seconds;
  if (summary.best_step >= 0) {
    out["best_step"] = summary.best_step;
    out["stopped_early"] = summary.stopped_early;
  }
  return out;
}

/// Trains setup.model on one choice of rows, writing log and checkpoints into `run`. `refit_steps`
/// above 0: the second fit.
TrainSummary fit(Setup& setup, const Evaluator& evaluator, const RunDirectory& run,
                 int64_t refit_steps) {
  const RunConfig& config = setup.config;
  const bool refit = refit_steps > 0,
             pairwise = model_info(config.model.name).task == Task::kRanking;
  const bool all = config.train.rows == "all";
  const FittedRows positives(setup.data, refit || all, all);
  const UserItems known =
      pairwise ? user_items(FittedRows(setup.data, refit, false).get(), setup.data.users.size())
               : UserItems();
  Sampler sampler(
      positives.get(),
      {config.train.batch_size, config.train.epochs == 0, static_cast<uint64_t>(config.train.seed),
       static_cast<int>(config.train.threads)},
      pairwise ? &known : nullptr, setup.data.items.size());
  const CheckpointFolder checkpoints(refit ? run.refit_checkpoints() : run.checkpoints());
  std::FILE* const log = std::fopen(run.log().c_str(), "a");
  if (log == nullptr) throw errno_error(run.log(), "cannot write");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closer(log, &std::fclose);
  std::setvbuf(log, nullptr, _IOLBF,
               1 << 12);  // a kill must not take lines of steps that a checkpoint holds
  const auto write_line = [&](ordered_json line) {
    if (refit) line["refit"] = true;
    std::fprintf(log, "%s\n", line.dump().c_str());
  };
  const TrainJob job{*setup.model,
                     sampler,
                     config.train,
                     setup.device,
                     refit ? refit_steps : steps_of(config, sampler),
                     config.checkpoint.every,
                     &checkpoints,
                     refit ? std::nullopt : monitor_of(setup, evaluator, sampler),
                     write_line,
                     [&] { return "latent train --resume " + run.path(); }};
  return train(job, checkpoints.newest());
}

/// What must hold before a run directory is made.
void check_trainable(const Setup& setup, const Evaluator& evaluator) {
  const RunConfig& config = setup.config;
  const Interactions& train = setup.data.parts.train;
  if (model_info(config.model.name).task == Task::kRanking) {
    const UserItems known = user_items(FittedRows(setup.data, config.train.refit, false).get(),
                                       setup.data.users.size());
    const int32_t full =
        first_user_with_every_item(FittedRows(setup.data, true, config.train.rows == "all").get(),
                                   known, setup.data.items.size());
    if (full >= 0) {
      throw Error("user " + in_quotes(std::string(setup.data.users.name(full))) +
                  " has every item in training, so no negative exists; drop that user, or keep "
                  "more items (data.min_item, data.positive_at_least)");
    }
  }
  if (config.train.refit && config.train.patience == 0)
    throw Error("train.refit needs train.patience: early stopping chooses the steps to repeat");
  Sampler sampler(train, {config.train.batch_size});
  monitor_of(setup, evaluator, sampler);
}

/// Trains setup.model, a second time on train and valid under train.refit.
TrainSummary train_model(Setup& setup, const Evaluator& evaluator, const RunDirectory& run,
                         ordered_json& metrics) {
  if (setup.model->penalties().empty()) return {};  // nothing to train: the mean
  TrainSummary summary = fit(setup, evaluator, run, 0);
  if (!setup.config.train.refit) return summary;
  metrics["valid"] = evaluator.evaluate(setup.view().view(), "valid");
  if (setup.config.train.rows != "all")
    metrics["valid"].erase("leaked");  // this fit has not seen it, the second will
  const FittedRows all(setup.data, true, false);
  const double passes =
      static_cast<double>(all.get().size()) / static_cast<double>(setup.data.parts.train.size());
  setup.new_model(all.get());
  std::filesystem::create_directories(run.refit_checkpoints());
  const TrainSummary second =
      fit(setup, evaluator, run,
          std::max<int64_t>(1, std::llround(passes * static_cast<double>(summary.best_step))));
  metrics["refit_steps"] = second.steps;
  summary.seconds += second.seconds;
  summary.steps += second.steps;
  summary.objective = second.objective;
  return summary;
}

void write_model(const Setup& setup, const std::string& path, const ordered_json& metrics) {
  const UserItems train = user_items(setup.data.parts.train, setup.data.users.size());
  const UserItems seen = merged(train, user_items(setup.data.parts.valid, setup.data.users.size()));
  export_torchscript(path, {setup.config.model.name,
                            setup.model->tables(),
                            &setup.data.users,
                            &setup.data.items,
                            &seen,
                            &setup.data.titles,
                            {{"format", 1},
                             {"config", config_to_json(setup.config)},
                             {"metrics", metrics},
                             {"provenance", setup.provenance()}}});
}

/// Training to exported model, in a run folder that exists and holds its config.
RunReport finish(Setup& setup, const Evaluator& evaluator, const RunDirectory& run) {
  ordered_json of_training;
  const TrainSummary summary = train_model(setup, evaluator, run, of_training);
  const ModuleView view = setup.view();
  ordered_json metrics;
  metrics["test"] = evaluator.evaluate(view.view(), "test");
  metrics["valid"] = of_training.contains("valid") ? of_training["valid"]
                                                   : evaluator.evaluate(view.view(), "valid");
  metrics["train"] = train_figures(summary, setup.config.train.batch_size);
  if (of_training.contains("refit_steps"))
    metrics["train"]["refit_steps"] = of_training["refit_steps"];
  if (setup.config.exporting.automatic) write_model(setup, run.model(), metrics);
  write_file(run.metrics(), metrics.dump(2) + "\n");
  return {run.path(), metrics};
}

void require_same_data(const Setup& setup, const nlohmann::json& provenance,
                       const std::string& where) {
  const std::string then = provenance.value("data_crc32", "");
  if (then != hex(setup.data.checksum)) {
    throw Error(where + ": the data at " + setup.config.data.path + " has changed since (CRC-32 " +
                then + " then, " + hex(setup.data.checksum) + " now)");
  }
}

Error other_ids(const std::string& where, const std::string& data) {
  return Error(
      where + ": the ids of " + data +
      " are not those the model was trained on; evaluate on the same file and row filters");
}

/// Other data may be meant, but another split of it is hardly ever.
void tell_of_changed_data(const SplitDataset& data, const nlohmann::json& provenance,
                          const std::string& where) {
  const std::string then = provenance.value("data_crc32", "");
  if (then != hex(data.checksum))
    say(where +
        ": not the data of the training: its split may put training rows among the test rows");
}

nlohmann::json saved_provenance(const RunDirectory& run) {
  const auto tree = nlohmann::json::parse(read_file(run.config()), nullptr, false);
  if (tree.is_discarded() || !tree.contains("provenance"))
    throw Error(run.config() + ": damaged; train again");
  return tree["provenance"];
}

/// Weights of the finished run, best ones under early stopping, into setup.model.
void load_weights(Setup& setup, const RunDirectory& run) {
  if (setup.model->penalties().empty()) return;
  const auto checkpoint =
      CheckpointFolder(setup.config.train.refit ? run.refit_checkpoints() : run.checkpoints())
          .newest();
  if (!checkpoint)
    throw Error(run.path() + ": no checkpoint yet; finish it with: latent train --resume " +
                run.path());
  const torch::NoGradGuard no_grad;
  const std::string prefix = checkpoint->state.contains("best") ? "best." : "model.";
  for (const auto& parameter : setup.model->named_parameters()) {
    const auto saved =
        std::find_if(checkpoint->tensors.begin(), checkpoint->tensors.end(),
                     [&](const auto& t) { return t.first == prefix + parameter.key(); });
    if (saved == checkpoint->tensors.end() || saved->second.sizes() != parameter.value().sizes()) {
      throw Error(run.path() + ": its checkpoint does not fit this model (table " +
                  parameter.key() + "); leave model.* as the run has it");
    }
    parameter.value().data().copy_(saved->second);
  }
}

/// Knobs that may differ between a run and its continuation.
bool may_change(const std::string& knob) {
  for (const char* free : {"train.steps", "train.epochs", "train.threads", "train.device",
                           "train.patience", "data.cache_dir"}) {
    if (knob == free) return true;
  }
  return knob.rfind("eval.", 0) == 0 || knob.rfind("export.", 0) == 0 ||
         knob.rfind("checkpoint.", 0) == 0;
}

void require_agreement(const RunConfig& before, const RunConfig& now,
                       const std::string& directory) {
  RunConfig a = before, b = now;
  const auto was = knobs(a), is = knobs(b);
  for (size_t n = 0; n < was.size(); ++n) {
    if (knob_value(was[n]) != knob_value(is[n]) && !may_change(was[n].name)) {
      throw Error("'" + was[n].name + "' was " + knob_value(was[n]).dump() + " in " + directory +
                  " and is " + knob_value(is[n]).dump() +
                  " now; resume with the run's own value, or train a new run");
    }
  }
}

/// fn(), with LibTorch's pages about a failed allocation turned into one line that names the knobs.
template <typename Fn>
auto naming_memory(const Fn& fn) {
  const std::string advice = "out of memory; lower model.factors or train.batch_size";
  try {
    return fn();
  } catch (const c10::OutOfMemoryError&) {
    throw Error("the device is " + advice + ", or set train.device = cpu");
  } catch (const c10::Error& e) {
    if (std::string(e.what()).find("alloc_cpu") == std::string::npos) throw;
    throw Error(advice);
  } catch (const std::bad_alloc&) {
    throw Error(advice);
  }
}

}  // namespace

RunReport train_run(const TrainRequest& request) {
  return naming_memory([&] {
    if (!request.run_dir.empty())
      RunDirectory::check_can_create(request.run_dir, request.overwrite);
    Setup setup(request.config.config);
    const Evaluator evaluator(setup.data, setup.config);
    check_trainable(setup, evaluator);
    const RunDirectory run = request.run_dir.empty()
                                 ? RunDirectory::create_numbered(request.stem)
                                 : RunDirectory::create(request.run_dir, request.overwrite);
    write_file(run.config(), config_file(setup.config, setup.provenance()).dump(2) + "\n");
    try {
      const RunReport report = finish(setup, evaluator, run);
      run.keep_replacement();
      return report;
    } catch (...) {
      // A run that failed before its first checkpoint holds nothing worth keeping; the one it was
      // to replace does.
      std::error_code ignored;
      if (std::filesystem::is_empty(run.checkpoints(), ignored)) {
        run.restore_replaced();
      } else {
        run.keep_replacement();
      }
      throw;
    }
  });
}

RunReport resume_run(const std::string& directory, const std::string& config_path,
                     const std::vector<std::string>& sets) {
  return naming_memory([&] {
    const RunDirectory run = RunDirectory::open(directory);
    const RunConfig saved = read_config(run.config(), {}, catalog_defaults()).config;
    const RunConfig now =
        read_config(config_path.empty() ? run.config() : config_path, sets, catalog_defaults())
            .config;
    require_agreement(saved, now, directory);
    Setup setup(now);
    require_same_data(setup, saved_provenance(run), directory);
    const Evaluator evaluator(setup.data, setup.config);
    const auto checkpoint = CheckpointFolder(run.checkpoints()).newest();
    const int64_t step = checkpoint ? checkpoint->state.at("step").get<int64_t>() : 0;
    say(checkpoint ? "resuming " + directory + " at step " + std::to_string(step)
                   : directory + " has no checkpoint yet: starting at step 0");
    const auto second = CheckpointFolder(run.refit_checkpoints()).newest();
    trim_log(run.log(), step, second ? second->state.at("step").get<int64_t>() : 0);
    write_file(run.config(), config_file(setup.config, setup.provenance()).dump(2) + "\n");
    check_trainable(setup, evaluator);
    return finish(setup, evaluator, run);
  });
}

ordered_json evaluate_saved(const std::string& run_or_model, const std::vector<std::string>& sets,
                            const std::string& predictions) {
  const auto report = [&](const FactorView& view, const SplitDataset& data,
                          const RunConfig& config) {
    const Evaluator evaluator(data, config);
    ordered_json out;
    out["test"] = evaluator.evaluate(view, "test");
    out["valid"] = evaluator.evaluate(view, "valid");
    if (!predictions.empty()) write_predictions(predictions, view, data, "test");
    return out;
  };
  if (std::filesystem::is_directory(run_or_model)) {
    const RunDirectory run = RunDirectory::open(run_or_model);
    Setup setup(read_config(run.config(), sets, catalog_defaults()).config);
    const auto provenance = saved_provenance(run);
    if (provenance.value("ids_crc32", "") != hex(ids_checksum(setup.data)))
      throw other_ids(run_or_model, setup.config.data.path);
    tell_of_changed_data(setup.data, provenance, run_or_model);
    load_weights(setup, run);
    const ModuleView view = setup.view();
    return report(view.view(), setup.data, setup.config);
  }
  const ServedModel model(run_or_model);
  const auto metadata = ordered_json::parse(model.metadata(), nullptr, false);
  if (metadata.is_discarded() || !metadata.contains("config"))
    throw Error(run_or_model + ": holds no config, so it cannot be evaluated");
  const RunConfig config =
      resolve_config(metadata["config"].dump(), run_or_model, sets, catalog_defaults()).config;
  use_threads(config);
  const SplitDataset data = load_dataset(config.data, config.split);
  if (data.users.names() != model.user_ids() || data.items.names() != model.item_ids()) {
    throw other_ids(run_or_model, config.data.path);
  }
  tell_of_changed_data(data, metadata.value("provenance", ordered_json::object()), run_or_model);
  return report(model.view(), data, config);
}

void export_run(const std::string& directory, const std::string& path) {
  const RunDirectory run = RunDirectory::open(directory);
  Setup setup(read_config(run.config(), {}, catalog_defaults()).config);
  require_same_data(setup, saved_provenance(run), directory);
  load_weights(setup, run);
  ordered_json metrics;
  if (std::filesystem::exists(run.metrics()))
    metrics = ordered_json::parse(read_file(run.metrics()), nullptr, false);
  write_model(setup, path, metrics);
}

ModelDefaultsOf catalog_defaults() {
  return [](const std::string& model) { return model_info(model).defaults; };
}

std::string torch_version() { return TORCH_VERSION; }

}  // namespace latent
