// The results of a sweep in sweep.sqlite (docs/formats.md), written by one process.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "src/config/sweep_spec.h"

struct sqlite3;

namespace latent {

/// One fit of a trial: to the end of a rung, with the n-th seed from train.seed on.
struct FitKey {
  int64_t trial = 0, seed = 0, rung = 0;
  auto operator<=>(const FitKey&) const = default;
};

/// What came of it.
struct TrialFit {
  std::optional<double> value;  ///< the sweep's metric on the validation part; none: it failed
  std::string error;            ///< why; one line
  int64_t steps = 0;            ///< from the trial's start
  int64_t kept_steps = 0;       ///< of the weights that were judged: fewer under early stopping
  int64_t steps_per_pass = 1;
  double seconds = 0;           ///< of this rung alone
  int64_t threads = 0;
  std::string began, ended;     ///< UTC, "2026-11-26T15:54:10+00:00"
};

using TrialFits = std::map<FitKey, TrialFit>;

class SweepStore {
 public:
  /// Opens the database, or makes it with the plan's trials. Throws Error for a file that is
  /// damaged or of another sweep.
  SweepStore(const std::string& path, const SweepPlan& plan);
  ~SweepStore();
  SweepStore(const SweepStore&) = delete;
  SweepStore& operator=(const SweepStore&) = delete;

  /// All that was added, by whatever process.
  TrialFits fits() const;
  /// Is on disk when it returns. Throws SystemError when it cannot be written.
  void add(const FitKey& key, const TrialFit& fit);
  /// A run of the winner: its seed, its folder within the sweep's, its metrics.json.
  void add_winner(int64_t trial, int64_t seed, const std::string& run, const std::string& metrics);

 private:
  class Statement;
  void make(const SweepPlan& plan);
  void check(const SweepPlan& plan) const;
  /// Makes a file of the first format one of today's.
  void add_sums();
  /// With the sums that stand beside them.
  std::map<FitKey, std::pair<TrialFit, int64_t>> fits_as_they_are() const;
  void execute(const char* sql) const;
  [[noreturn]] void fail() const;

  const std::string path_;
  int64_t format_;  // of the file
  sqlite3* db_ = nullptr;
};

}  // namespace latent
