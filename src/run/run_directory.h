// The files of a run.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "src/base/folder_lock.h"
#include "src/config/read.h"

namespace latent {

/// Any number of processes may read a run; one at a time writes. The writer holds the folder for as
/// long as an object of create(), create_numbered() or open_to_write() lives.
class RunDirectory {
 public:
  /// Makes a new run folder, with `config` in its config.json. An existing one is an Error, unless
  /// `overwrite` says to replace it (and it is a run or empty, and nobody writes it). The replaced
  /// one stands aside until keep_replacement() or restore_replaced().
  static RunDirectory create(const std::string& path, bool overwrite, const std::string& config);
  /// The next free runs/<stem>-<n>.
  static RunDirectory create_numbered(const std::string& stem, const std::string& config);
  /// An existing run; Error when it is none.
  static RunDirectory open(const std::string& path);
  /// The same, to train on in it. Throws Error where another process does.
  static RunDirectory open_to_write(const std::string& path);
  /// Throws where create(path, overwrite, ...) would, without touching anything.
  static void check_can_create(const std::string& path, bool overwrite);
  static bool is_run(const std::string& path);

  /// Removes the run that this one replaces, if any: this one is finished.
  void keep_replacement() const;
  /// Removes this run and puts the replaced one back, if any.
  void restore_replaced() const;
  /// Says where the replaced run, if any, goes on standing: this one has failed, and is of use.
  void tell_of_replaced() const;

  const std::string& path() const { return path_; }
  std::string config() const { return path_ + "/config.json"; }
  std::string metrics() const { return path_ + "/metrics.json"; }
  std::string per_user() const { return path_ + "/per_user.npz"; }
  std::string log() const { return path_ + "/log.jsonl"; }
  std::string checkpoints() const { return path_ + "/checkpoints"; }
  std::string refit_checkpoints() const { return path_ + "/checkpoints/refit"; }
  std::string final_checkpoints() const { return path_ + "/checkpoints/final"; }
  std::string tensorboard() const { return path_ + "/tensorboard"; }
  std::string model() const { return path_ + "/model.pt"; }

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
  std::string aside_;                       ///< where the replaced run stands; empty: none does
  std::shared_ptr<const FolderLock> lock_;  ///< null: for reading
};

/// The resolved config with its provenance and how its data was read, as config.json holds it.
nlohmann::ordered_json config_file(const RunConfig& config,
                                   const nlohmann::ordered_json& provenance,
                                   const nlohmann::ordered_json& read_as);

/// The newest step that each of a run's fits has a checkpoint of; 0: none.
struct FitSteps {
  int64_t first = 0;
  int64_t refit = 0;  ///< train.refit's second fit
  int64_t final = 0;  ///< export.fit's
};

/// Keeps the lines of log.jsonl up to those steps, before a resumed run writes its own. Lines of
/// the later fits are marked "refit" and "final".
void trim_log(const std::string& path, const FitSteps& steps);

}  // namespace latent
