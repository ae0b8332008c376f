// One training run, from config to exported model. Free of torch.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/base/peers.h"
#include "src/config/read.h"
#include "src/data/split.h"

namespace latent {

struct TrainRequest {
  ResolvedConfig config;
  std::string stem;  ///< names the run folder when run_dir is empty
  std::string run_dir;
  bool overwrite = false;
  /// The config's data, where it is at hand; null: it is read.
  std::shared_ptr<const SplitDataset> data = nullptr;
};

struct RunReport {
  std::string directory;
  nlohmann::ordered_json metrics;
};

/// Trains a new run. Of several ranks all call this, and the first one writes and reports; where
/// torchrun has started them again, they go on with the run that is there.
RunReport train_run(const TrainRequest& request, Peers& peers = alone());

/// Goes on with the run in `directory`, from its newest checkpoint. `config_path`, when given, must
/// agree with the run's own config; `sets` may change only what leaves the training's meaning alone
/// (its length, threads, device, eval.*, ...).
RunReport resume_run(const std::string& directory, const std::string& config_path,
                     const std::vector<std::string>& sets, Peers& peers = alone());

}  // namespace latent
