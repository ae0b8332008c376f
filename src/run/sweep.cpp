#include "src/run/sweep.h"

#include <algorithm>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/folder_lock.h"
#include "src/base/interrupt.h"
#include "src/base/json_text.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/version.h"
#include "src/config/complaints.h"
#include "src/config/memory_needed.h"
#include "src/config/run_paths.h"
#include "src/run/evaluate.h"
#include "src/run/model_for_data.h"
#include "src/run/optuna_journal.h"
#include "src/run/sweep_data.h"
#include "src/run/sweep_fits.h"
#include "src/run/sweep_per.h"
#include "src/run/sweep_table.h"
#include "src/run/sweep_winner.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

bool is_sweep(const std::string& directory) { return fs::exists(directory + "/sweep.json"); }

/// Whether nothing stands in the way of a new sweep there. What a kill left of its first file does
/// not, and goes when that is written again.
bool is_free(const std::string& path) {
  std::error_code failed;
  if (!fs::exists(path, failed)) return true;
  if (!fs::is_directory(path, failed)) return false;
  for (const auto& entry : fs::directory_iterator(path, failed)) {
    if (!entry.path().filename().string().starts_with("sweep.json.tmp-")) return false;
  }
  return !failed;
}

void refuse_sweep(const std::string& path) {
  if (is_sweep(path))
    throw Error(path + ": holds a sweep; go on with it by --resume " + path +
                ", or choose another --run-dir");
}

/// The folder of a new sweep: empty, or not there yet.
std::string make_directory(const SweepRequest& request) {
  const std::string stem = fs::path(request.where).stem().string();
  std::string path = request.directory;
  for (int n = 1; path.empty(); ++n) {
    const std::string next = "runs/" + stem + "-sweep-" + std::to_string(n);
    if (!fs::exists(next)) path = next;
  }
  std::error_code failed;
  refuse_sweep(path);
  if (!is_free(path))
    throw Error(path + ": exists and is no empty folder; choose another --run-dir");
  fs::create_directories(path, failed);
  if (failed) throw SystemError(path + ": cannot make the folder: " + failed.message());
  return path;
}

/// Says how `now` differs from `was`, a value of the key `name`, if it does.
void require_same(const std::string& name, const ordered_json& was, const ordered_json& now,
                  const std::string& directory) {
  if (was == now) return;
  const auto shown = [](const ordered_json& value) {
    return value.is_null() ? std::string("not given") : value.dump();
  };
  throw Error("'" + name + "' is " + shown(was) + " in " + directory + " and " + shown(now) +
              " now; go on with the sweep's own config, or start a new sweep");
}

void require_same_members(const std::string& prefix, const ordered_json& was,
                          const ordered_json& now, const std::string& directory) {
  for (const ordered_json* side : {&was, &now}) {
    for (const auto& [name, value] : side->items())
      require_same(prefix + name, was.value(name, ordered_json()), now.value(name, ordered_json()),
                   directory);
  }
}

class Sweep {
 public:
  Sweep(SweepPlan plan, std::string directory, int jobs)
      : plan_(std::move(plan)),
        rungs_(rungs_of(plan_)),
        directory_(std::move(directory)),
        jobs_(jobs),
        higher_is_better_(Evaluator::higher_is_better(plan_.spec.metric)) {}

  /// `provenance`: that of sweep.json; null for a new sweep, whose file is written here.
  SweepReport run(const ordered_json& provenance) {
    try {
      return run_through(provenance);
    } catch (const Interrupted& e) {
      throw Interrupted(e.signal, "interrupted; checkpoints are written. Go on with: latent sweep "
                                  "--resume " + directory_);
    }
  }

 private:
  SweepReport run_through(const ordered_json& provenance) {
    const RunConfig& config = plan_.trials.front().config;
    const auto data = load_without_test(config);
    tell_how_read(data->read_as, ranks(config));
    require_memory_of_jobs(*data);
    if (provenance.is_null()) {
      write_config(*data);
    } else {
      require_same("data_crc32", provenance.value("data_crc32", ordered_json()),
                   hex(data->checksum), directory_);
    }
    SweepStore store(directory_ + "/sweep.sqlite", plan_);
    SweepFits fits(plan_, rungs_, store, data, directory_ + "/trials", jobs_);
    run_rungs(fits);
    const std::vector<SweepRow> rows = standing(fits).rows();
    if (rows.front().state == SweepRow::State::kFailed)
      throw Error(directory_ + ": every trial failed; trial " +
                  std::to_string(rows.front().trial) + " says: " + rows.front().error);
    SweepReport report{directory_, sweep_json(plan_, rows)};
    report.table["winner"] =
        run_winner({plan_, rows.front(), fits.all(), directory_}, *data, store);
    return report;
  }

  void require_memory_of_jobs(const SplitDataset& data) const {
    std::vector<const RunConfig*> configs;
    for (const SweepTrial& trial : plan_.trials) configs.push_back(&trial.config);
    require_memory_for_jobs(configs, jobs_, data.users.size(), data.items.size(),
                            data.parts.train.size() + data.parts.valid.size(), available_memory());
  }

  void write_config(const SplitDataset& data) const {
    ordered_json file = plan_.given;
    file["sweep"] = plan_.section;
    file["provenance"] = provenance_of(plan_.trials.front().config, data, /*leaked=*/false);
    file["provenance"].erase("test_pairs");  // not looked at
    write_file(directory_ + "/sweep.json", file.dump(2) + "\n");
  }

  SweepStanding standing(const SweepFits& fits) const {
    return SweepStanding(plan_, rungs_, fits.all(), higher_is_better_);
  }

  void run_rungs(SweepFits& fits) const {
    for (size_t rung = 0; rung < rungs_.size(); ++rung) {
      std::vector<FitKey> keys;
      for (const int64_t trial : standing(fits).contenders(rung))
        keys.push_back({trial, 0, static_cast<int64_t>(rung)});
      fits.make(keys);
      drop_losers(fits, rung);
      write_tables(fits);
    }
    std::vector<FitKey> repeated;
    for (const SweepRow& row : standing(fits).finalists()) {
      for (int64_t seed = 1; seed < plan_.spec.seeds; ++seed)
        repeated.push_back({row.trial, seed, row.best_rung});
    }
    fits.make(repeated);
    write_tables(fits);
  }

  /// Checkpoints of trials that do not go on from `rung` take room and serve nobody.
  void drop_losers(const SweepFits& fits, size_t rung) const {
    if (rung + 1 == rungs_.size()) return;
    const auto next = standing(fits).contenders(rung + 1);
    for (const int64_t trial : standing(fits).contenders(rung)) {
      if (!std::ranges::binary_search(next, trial))
        fits.drop_checkpoints({trial, 0, static_cast<int64_t>(rung)});
    }
  }

  void write_tables(const SweepFits& fits) const {
    const std::vector<SweepRow> rows = standing(fits).rows();
    write_file(directory_ + "/sweep.csv", sweep_csv(plan_, rows));
    write_file(directory_ + "/optuna.journal",
               optuna_journal(plan_, rows, fits.all(), higher_is_better_));
  }

  const SweepPlan plan_;
  const std::vector<Rung> rungs_;
  const std::string directory_;
  const int jobs_;
  const bool higher_is_better_;
};

/// The section, which has to be there.
const ordered_json& section_of(const ResolvedConfig& config, const std::string& where) {
  refuse(config.wrong);
  if (config.sweep.is_null())
    throw Error(where + ": has no section \"sweep\"; give the knobs to try, as {\"sweep\": "
                        "{\"over\": {\"train.lr\": [0.01, 0.1]}}}");
  return config.sweep;
}

bool wants_report(const ordered_json& section) { return section.value("report", false); }

/// A sweep for each value of sweep.per; the folder has a sweep.json already, or gets one.
SweepReport start_groups(const SweepRequest& request, const ordered_json& given,
                         const ordered_json& section) {
  const std::vector<SweepGroup> groups = sweep_groups(given, section, request.where);
  const std::string directory = request.resume ? request.directory : make_directory(request);
  const FolderLock lock(directory);
  if (!request.resume) {
    refuse_sweep(directory);  // another process may have come first
    ordered_json file = given;
    file["sweep"] = section;
    file["provenance"] = {{"program", std::string("latent ") + kVersion}};
    if (const std::string folder = working_folder(); !folder.empty())
      file["provenance"]["folder"] = folder;
    write_file(directory + "/sweep.json", file.dump(2) + "\n");
  }
  try {
    return run_groups(groups, request, directory);
  } catch (const Interrupted& e) {
    throw Interrupted(e.signal, "interrupted; checkpoints are written. Go on with: latent sweep "
                                "--resume " + directory);
  }
}

SweepReport start(const SweepRequest& request) {
  const ordered_json& section = section_of(*request.config, request.where);
  const ordered_json given = given_knobs(*request.config);
  if (has_groups(section)) return start_groups(request, given, section);
  SweepPlan plan = plan_sweep(given, section, request.where);
  const std::string directory = make_directory(request);
  const FolderLock lock(directory);
  refuse_sweep(directory);
  return Sweep(std::move(plan), directory, request.jobs).run(nullptr);
}

SweepReport resume(const SweepRequest& request) {
  const std::string& directory = request.directory;
  if (!is_sweep(directory)) throw Error(directory + ": no sweep is there (no sweep.json)");
  const std::string file = directory + "/sweep.json";
  const auto saved = json_of<ordered_json>(read_file(file));
  if (!saved.is_object() || !saved.contains("provenance") || !saved["provenance"].is_object())
    throw Error(file + ": damaged; start a new sweep");
  const ResolvedConfig own = read_with_complaints(file, {});
  const ordered_json& section = section_of(own, file);
  if (request.config) {
    refuse(request.config->wrong);
    ordered_json was = saved;
    for (const char* key : {"sweep", "provenance"}) was.erase(key);
    require_same_members("", was, given_knobs(*request.config), directory);
    require_same_members("sweep.", section, request.config->sweep, directory);
  }
  if (has_groups(section)) {
    SweepRequest groups = request;
    groups.where = file;
    return start_groups(groups, given_knobs(own), section);
  }
  SweepPlan plan = plan_sweep(given_knobs(own), section, file);
  const FolderLock lock(directory);
  return Sweep(std::move(plan), directory, request.jobs).run(saved["provenance"]);
}

}  // namespace

SweepReport run_sweep(const SweepRequest& request) {
  const InterruptGuard interrupts;
  SweepReport report = request.resume ? resume(request) : start(request);
  const std::string file = report.directory + "/sweep.json";
  const auto saved = ordered_json::parse(read_file(file), nullptr, false);
  report.wants_report = saved.is_object() && wants_report(saved["sweep"]);
  return report;
}

}  // namespace latent
