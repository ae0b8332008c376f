// The parts of a comparison that need no statistics: who is a row, which metrics, what to note.
#pragma once

#include <string>
#include <vector>

#include "src/run/compare.h"
#include "src/run/compared_run.h"

namespace latent {

/// Runs that differ in train.seed alone, by seed.
struct Setting {
  std::vector<const ComparedRun*> runs;
  bool random = true;  ///< false: a training that draws nothing, whatever the seed
};

/// Throws Error where two of the runs were not trained and tested on the same parts.
void require_comparable(const std::vector<ComparedRun>& runs);

/// In the order in which each setting first appears. Points into `runs`. Throws Error where a
/// setting has two runs of one seed.
std::vector<Setting> settings_of(const std::vector<ComparedRun>& runs);

/// `asked`, or the main metrics that all runs have. Throws Error for one that a run lacks, with
/// those that all have, and where there is none.
std::vector<std::string> metrics_to_compare(const std::vector<ComparedRun>& runs,
                                            const std::vector<std::string>& asked);

/// Name, runs, seeds and costs.
ComparedRow row_of(const Setting& setting);

/// Fills in ComparedRow::knobs; rows stand as `settings` do.
void add_differing_knobs(const std::vector<Setting>& settings, Comparison& out);

/// Fills in Comparison::sampled and ::notes, once all else is there.
void add_notes(const std::vector<ComparedRun>& runs, Comparison& out);

}  // namespace latent
