#include "src/run/train_run.h"

#include <algorithm>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/json_text.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/utf8.h"
#include "src/config/auto_values.h"
#include "src/config/catalog.h"
#include "src/config/complaints.h"
#include "src/config/run_paths.h"
#include "src/run/experiment.h"
#include "src/run/costs.h"
#include "src/run/part_metrics.h"
#include "src/run/per_user_file.h"
#include "src/run/ranks.h"
#include "src/run/saved_run.h"
#include "src/run/write_model.h"
#include "src/train/at_once.h"
#include "src/train/collective.h"

namespace latent {

namespace {

/// config.json; `includes`: the files that the config included.
nlohmann::ordered_json run_config(const Experiment& experiment,
                                  const std::vector<std::string>& includes) {
  const SplitDataset& data = experiment.data();
  auto provenance = provenance_of(experiment.config(), data, experiment.leaked());
  for (const std::string& path : includes) {
    if (is_utf8(path)) provenance["includes"].push_back(path);  // as JSON can hold it
  }
  return config_file(experiment.config(), provenance, read_as_json(data.read_as.format));
}

/// per_user.npz, where eval.per_user asks for it and the run has a test part.
void keep_per_user(const RunConfig& config, const PerUserFigures& figures,
                   const RunDirectory& run) {
  if (config.eval.per_user && !figures.user.empty())
    return write_per_user(run.per_user(), figures);
  std::error_code ignored;
  std::filesystem::remove(run.per_user(), ignored);  // of other figures, before a resume
}

/// fn(); where contact is lost, says where the run can be gone on with.
template <typename Fn>
void with_last_checkpoint(const Peers& peers, const RunDirectory* run, const Fn& fn) {
  try {
    fn();
  } catch (const LostContact& e) {
    if (!peers.first()) throw;
    const int64_t step = CheckpointFolder(run->checkpoints()).newest_step();
    throw LostContact(e.what() +
                      (step == 0 ? std::string("; there is no checkpoint yet")
                                 : "; the last checkpoint is of step " + std::to_string(step) +
                                       ": go on with latent train --resume " + run->path()));
  }
}

/// Trains and tests, and fits on all rows where that is asked for. Then the first rank has the
/// tables that are to be written.
FitResult train_and_test(Experiment& experiment, const RunDirectory* run, Peers& peers,
                         PerUserFigures* per_user) {
  experiment.train(run);
  const std::vector<int64_t> sent = peers.gather(peers.bytes_sent());
  FitResult out = experiment.evaluate(per_user);
  if (peers.first()) out.metrics["train"].update(costs_of(experiment.model()));
  if (!peers.alone()) {
    out.metrics["train"]["world_size"] = peers.size();
    out.metrics["train"]["bytes_sent"] = sent;
  }
  if (experiment.config().exporting.fit == "all")
    out.metrics["export"] = experiment.train_on_all(run);
  if (experiment.config().exporting.automatic) experiment.collect_tables();
  return out;
}

/// Trains and tests in a run folder that holds its config; writes metrics and model. `run`: null
/// where another rank has it.
RunReport finish(Experiment& experiment, const RunDirectory* run, Peers& peers) {
  const RunConfig& config = experiment.config();
  PerUserFigures per_user;
  FitResult result;
  with_last_checkpoint(peers, run, [&] {
    result = train_and_test(experiment, run, peers, config.eval.per_user ? &per_user : nullptr);
  });
  if (!peers.first()) return {};
  for (const char* part : {"valid", "test"}) tell_of_part(result.metrics[part], part, config);
  if (config.exporting.automatic && model_info(config.model.name).item_item)
    say("no model.pt: " + not_exported(config.model.name));
  else if (config.exporting.automatic)
    write_model(config, experiment.data(), experiment.model(),
                config.exporting.fit == "all" ? Fit::kAll : Fit::kTested, {run->model()},
                result.metrics);
  keep_per_user(config, per_user, *run);
  write_file(run->metrics(), result.metrics.dump(2) + "\n");
  return {run->path(), result.metrics};
}

/// That the rows were too few for what was to stop the training.
void tell_of_no_validation(const RunConfig& asked, const RunConfig& done) {
  if (asked.train.patience == done.train.patience) return;
  const TrainOptions& train = done.train;
  const std::string length = train.epochs > 0 ? std::to_string(train.epochs) + " passes"
                                              : std::to_string(train.steps) + " steps";
  say(asked.data.path + ": too few rows for a validation part (split.valid = auto); trains for " +
      length + ", which nothing stops earlier");
}

/// That rows are read from disk, and what that means for the run.
void tell_of_rows_on_disk(const RunConfig& asked, const RunConfig& done, const Split& parts) {
  if (!parts.train.on_disk()) return;
  const int64_t rows = parts.train.size() + parts.valid.size() + parts.test.size();
  const bool moved = asked.split.kind != done.split.kind;
  const bool ordered = model_info(done.model.name).trained == Trained::kByGradient;
  say(asked.data.path + ": its rows take " +
      memory_text(bytes_of_rows(rows, parts.train.has_time())) +
      ", more than data.memory allows, and stay on disk" +
      (moved ? "; split.kind = by_row in place of random" : "") +
      (ordered && in_blocks(done) ? "; train.order = blocks" : ""));
}

/// What settled() made of a config when its run began, the same config still means.
void keep_what_was_settled(const RunConfig& saved, RunConfig& config) {
  if (config.train.order == "auto") config.train.order = saved.train.order;
  if (config.split.kind == "random" && saved.split.kind == "by_row") config.split.kind = "by_row";
}

/// Knobs that may differ between a run and its continuation.
bool may_change(const std::string& knob) {
  for (const char* free : {"train.steps", "train.epochs", "train.threads", "train.device",
                           "train.patience", "data.cache_dir", "data.memory"}) {
    if (knob == free) return true;
  }
  return knob.rfind("eval.", 0) == 0 || knob.rfind("log.", 0) == 0 ||
         knob.rfind("export.", 0) == 0 || knob.rfind("checkpoint.", 0) == 0 ||
         knob.rfind("dist.", 0) == 0;
}

/// Whether both values of a knob that names a file lead to the same one.
bool same_path(const Knob& was, const Knob& is) {
  if (std::ranges::count(path_knobs(), was.name) == 0) return false;
  const auto& a = *std::get<std::string*>(was.target);
  const auto& b = *std::get<std::string*>(is.target);
  const auto whole = [](const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal();
  };
  return !a.empty() && !b.empty() && whole(a) == whole(b);
}

void require_agreement(const RunConfig& before, const RunConfig& now,
                       const std::string& directory) {
  RunConfig a = before, b = now;
  const auto was = knobs(a), is = knobs(b);
  for (size_t n = 0; n < was.size(); ++n) {
    if (knob_value(was[n]) != knob_value(is[n]) && !may_change(was[n].name) &&
        !same_path(was[n], is[n])) {
      throw Error("'" + was[n].name + "' was " + knob_value(was[n]).dump() + " in " + directory +
                  " and is " + knob_value(is[n]).dump() +
                  " now; resume with the run's own value, or train a new run");
    }
  }
}

}  // namespace

RunReport train_run(const TrainRequest& request, Peers& peers) {
  // The command is the same each time that torchrun gives it.
  const std::string before =
      run_before(request.config.config, request.run_dir, request.stem, peers);
  if (!before.empty()) return resume_run(before, "", {}, peers);
  return with_memory_advice([&] {
    reset_peak_memory();
    const RunConfig& config = request.config.config;
    if (!request.run_dir.empty() && peers.first())
      RunDirectory::check_can_create(request.run_dir, request.overwrite);
    refuse(complaints(request.config));
    RunConfig new_run = config;
    new_run.split.by_row_on_disk = true;
    const auto data = request.data ? request.data : load_with_ranks(new_run, peers);
    require_agreement(config, *data, peers);
    tell_memory(config, data->items.size());
    Experiment experiment(config, data, /*resumed=*/nullptr, peers);
    tell_of_no_validation(config, experiment.config());
    if (peers.first()) tell_of_rows_on_disk(config, experiment.config(), data->parts);
    if (!peers.first()) return finish(experiment, /*run=*/nullptr, peers);
    const std::string text = run_config(experiment, request.config.includes).dump(2) + "\n";
    const RunDirectory run =
        request.run_dir.empty()
            ? RunDirectory::create_numbered(request.stem, text)
            : RunDirectory::create(request.run_dir, request.overwrite, text);
    if (request.run_dir.empty()) leave_run(config, request.stem, run.path(), peers);
    try {
      tell_how_read(data->read_as, ranks(config));
      if (const auto taken = experiment.initial_rows()) say(taken->text(config, *data));
      const RunReport report = finish(experiment, &run, peers);
      run.keep_replacement();
      return report;
    } catch (...) {
      // A run that failed before its first checkpoint holds nothing worth keeping; the one it was
      // to replace does.
      std::error_code ignored;
      if (std::filesystem::is_empty(run.checkpoints(), ignored)) {
        run.restore_replaced();
      } else {
        run.tell_of_replaced();
      }
      throw;
    }
  });
}

RunReport resume_run(const std::string& directory, const std::string& config_path,
                     const std::vector<std::string>& sets, Peers& peers) {
  return with_memory_advice([&] {
    reset_peak_memory();
    const RunDirectory run = peers.first() ? RunDirectory::open_to_write(directory)
                                           : RunDirectory::open(directory);
    const ResolvedConfig saved = read_config(run.config(), {});
    ResolvedConfig resolved =
        read_with_complaints(config_path.empty() ? run.config() : config_path, sets);
    const auto as_written =
        json_of(read_file(run.config()), /*ignore_comments=*/true);
    keep_paths_of_run(saved, as_written, resolved);
    keep_what_was_settled(saved.config, resolved.config);
    refuse(complaints_apart_from_data(resolved));
    const RunConfig& config = resolved.config;
    require_agreement(saved.config, config, directory);
    const auto data = load_with_ranks(config, peers);
    const nlohmann::json provenance = saved_provenance(run);
    require_agreement(config, *data, peers);
    require_same_data(config, *data, provenance, directory);
    Experiment experiment(config, data, &run, peers);
    const int64_t step = experiment.done();
    require_same_step(step, peers);
    if (!peers.first()) return finish(experiment, &run, peers);
    say(step > 0 ? "resuming " + directory + " at step " + std::to_string(step)
                 : directory + " has no checkpoint yet: starting at step 0");
    const auto newest = [](const std::string& folder) -> int64_t {
      const Wanted no_table = [](const auto&, const auto&) { return false; };
      const auto checkpoint = CheckpointFolder(folder).newest(no_table);
      return checkpoint ? checkpoint->state.at("step").get<int64_t>() : 0;
    };
    trim_log(run.log(), {step, newest(run.refit_checkpoints()), newest(run.final_checkpoints())});
    const auto includes = config_path.empty()
                              ? provenance.value("includes", std::vector<std::string>())
                              : resolved.includes;
    write_file(run.config(), run_config(experiment, includes).dump(2) + "\n");
    tell_how_read(data->read_as, ranks(config));
    return finish(experiment, &run, peers);
  });
}

}  // namespace latent
