// Settings compared by the runs of their seeds: figures, differences, whether these are luck. Reads
// no data and prints nothing. Free of torch.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "src/config/options.h"
#include "src/metrics/bootstrap.h"

namespace latent {

struct CompareRequest {
  std::vector<std::string> runs;          ///< run directories, and sweeps for their winners
  std::vector<std::string> metrics = {};  ///< of the test part; empty: the main ones that all have
  std::string base = {};  ///< one of the runs: its setting is what others are compared with; empty:
                          ///< each metric's best
  int threads = 0;
};

/// A setting's figure less that of the one it is compared with, the reference.
struct PairedDifference {
  double mean = 0;         ///< of the figures' means over seeds
  Interval interval = {};  ///< 95 %, over users and seeds (difference_interval())
  int64_t users = 0;       ///< that both were judged on
  double p = 1;            ///< Wilcoxon's signed-rank test over the users' means over seeds
  double p_holm = 1;       ///< adjusted for all differences of the comparison
  double rank_biserial = 0;
  /// Whether it is more than luck: p_holm < .05, the interval leaves out 0, and users differ in the
  /// direction in which the figures do. Where neither side has a second seed, an interval that is
  /// wider by kUnknownSeeds must leave out 0.
  bool told_apart = false;
  bool seeds_known = true;  ///< false: neither side has a second seed, though seeds matter
};

struct ComparedMetric {
  std::vector<double> values;  ///< by seed
  double mean = 0;
  std::optional<double> sd;  ///< of the sample (n - 1); none for a single seed
  bool reference = false;    ///< the one that others are compared with
  bool winner = false;       ///< the best, and told apart from every other one
  std::optional<PairedDifference> difference;  ///< none: the reference, or nothing to test
};

/// Runs that differ in train.seed alone.
struct ComparedRow {
  std::string name, model;
  std::vector<std::string> runs;  ///< by seed
  std::vector<int64_t> seeds;     ///< ascending
  nlohmann::ordered_json knobs;   ///< that differ among the rows, those that this one reads
  std::vector<ComparedMetric> metrics;  ///< as Comparison::metrics
  /// Means over the runs; none where a run does not say.
  std::optional<double> seconds, peak_memory_bytes, parameters, list_milliseconds;
  bool leaked = false;  ///< trained on rows of the test part
};

struct Comparison {
  std::vector<std::string> metrics;
  std::vector<ComparedRow> rows;   ///< the best by the first metric first
  std::vector<std::string> notes;  ///< what a reader should know, a line each
  bool sampled = false;            ///< rankings among a few drawn items
  std::string base;                ///< the row's name, where one was asked for
};

/// Draws of users and seeds behind an interval.
constexpr int64_t kCompareDraws = 2000;
/// Where seeds were not varied: by how much wider an interval over users alone has to be.
constexpr double kUnknownSeeds = 3;

/// Throws Error for runs of other splits or data, with the difference named; for a run alone; for a
/// metric that a run lacks, with those that all have. The result is a function of the runs' files.
Comparison compare_runs(const CompareRequest& request);

/// As compare --json prints it (docs/experiments.md).
nlohmann::ordered_json comparison_json(const Comparison& comparison);

}  // namespace latent
