// The files of a run.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "src/config/read.h"

namespace latent {

class RunDirectory {
 public:
  /// Makes a new run folder. An existing one is an Error, unless `overwrite` says to replace it
  /// (and it is a run or empty). The replaced one stands aside until keep_replacement() or
  /// restore_replaced().
  static RunDirectory create(const std::string& path, bool overwrite);
  /// The next free runs/<stem>-<n>.
  static RunDirectory create_numbered(const std::string& stem);
  /// An existing run; Error when it is none.
  static RunDirectory open(const std::string& path);
  /// Throws where create(path, overwrite) would, without touching anything.
  static void check_can_create(const std::string& path, bool overwrite);
  static bool is_run(const std::string& path);

  /// Removes the run that this one replaces, if any.
  void keep_replacement() const;
  /// Removes this run and puts the replaced one back, if any.
  void restore_replaced() const;

  const std::string& path() const { return path_; }
  std::string config() const { return path_ + "/config.json"; }
  std::string metrics() const { return path_ + "/metrics.json"; }
  std::string per_user() const { return path_ + "/per_user.npz"; }
  std::string log() const { return path_ + "/log.jsonl"; }
  std::string checkpoints() const { return path_ + "/checkpoints"; }
  std::string refit_checkpoints() const { return path_ + "/checkpoints/refit"; }
  std::string final_checkpoints() const { return path_ + "/checkpoints/final"; }
  std::string model() const { return path_ + "/model.pt"; }

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}
  std::string aside() const { return path_ + ".replaced"; }
  std::string path_;
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
