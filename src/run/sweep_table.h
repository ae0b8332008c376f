// The standing of a sweep's trials: who goes on, who wins, and the table as CSV and JSON.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/config/sweep_rungs.h"
#include "src/run/sweep_store.h"

namespace latent {

/// A trial in the order of merit.
struct SweepRow {
  enum class State { kFinished, kStopped, kFailed };

  int64_t trial = 0;
  State state = State::kStopped;
  int64_t rung = -1;           ///< the last one that it was trained to; -1: none yet
  int64_t best_rung = -1;      ///< the one after which it was best, by the first seed
  std::vector<double> values;  ///< of the metric there, one for each seed that has been run
  std::string error;

  double mean() const;
  double sd() const;  ///< of the sample (n - 1); NaN for a single value
};

/// Reads the standing out of the fits that were made.
class SweepStanding {
 public:
  SweepStanding(const SweepPlan& plan, const std::vector<Rung>& rungs, const TrialFits& fits,
                bool higher_is_better)
      : plan_(plan), rungs_(rungs), fits_(fits), higher_is_better_(higher_is_better) {}

  /// Trials that begin `rung`: all, then the best of the rung before. Needs that one's fits. A
  /// trial is judged by the best of its rungs so far, as early stopping would: more passes may be
  /// too many.
  std::vector<int64_t> contenders(size_t rung) const;
  /// Trials that came through the last rung, by their first seed alone.
  std::vector<SweepRow> finalists() const;
  /// Every trial, the best one first: those that reached later rungs before others, then by the
  /// mean over the seeds, ties to the lower number; failed ones last.
  std::vector<SweepRow> rows() const;

 private:
  bool is_better(const SweepRow& a, const SweepRow& b) const;
  /// With fits up to `rung` alone; `seeds`: with those of further seeds.
  SweepRow row_of(int64_t trial, int64_t rung, bool seeds) const;

  const SweepPlan& plan_;
  const std::vector<Rung>& rungs_;
  const TrialFits& fits_;
  const bool higher_is_better_;
};

/// sweep.csv: no times in it, nor anything else that another run of the same sweep would change.
std::string sweep_csv(const SweepPlan& plan, const std::vector<SweepRow>& rows);

/// The same for people and programs: {"metric", "knobs": [...], "trials": [{"rank", "trial",
/// "state", "rung", "best_rung", "value", "sd", "seeds", "tuned": {...}, "error"}, ...]}.
nlohmann::ordered_json sweep_json(const SweepPlan& plan, const std::vector<SweepRow>& rows);

}  // namespace latent
