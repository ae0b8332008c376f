// The fits of a sweep, several at a time, each recorded as soon as it is made.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "src/base/log.h"
#include "src/config/sweep_rungs.h"
#include "src/data/split.h"
#include "src/run/sweep_store.h"

namespace latent {

class SweepFits {
 public:
  /// Keeps references to all but the data, which holds no test part. `folder`: of the trials' run
  /// directories.
  SweepFits(const SweepPlan& plan, const std::vector<Rung>& rungs, SweepStore& store,
            std::shared_ptr<const SplitDataset> data, std::string folder, int jobs);

  /// Makes those of `keys` that are not there yet. Stops at the first SystemError; throws
  /// Interrupted after SIGINT or SIGTERM, once all fits at hand have written a checkpoint.
  void make(const std::vector<FitKey>& keys);
  /// Removes the checkpoints of fits that nothing goes on from.
  void drop_checkpoints(const FitKey& key) const;

  const TrialFits& all() const { return fits_; }

 private:
  void make_one(const FitKey& key);
  void show_progress(const FitKey& key, const TrialFit& fit);
  std::string folder_of(const FitKey& key) const;
  int64_t weight(const FitKey& key) const;
  int64_t weight_left() const;

  const SweepPlan& plan_;
  const std::vector<Rung>& rungs_;
  SweepStore& store_;
  const std::shared_ptr<const SplitDataset> data_;
  const std::string folder_;
  const int jobs_;
  TrialFits fits_;
  std::mutex mutex_;  // of what is below, the store and the fits
  Progress progress_;
  int64_t weight_done_ = 0;
  std::string best_;
  double best_value_ = 0;
};

}  // namespace latent
