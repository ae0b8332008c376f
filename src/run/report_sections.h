// The sections of `latent report`, each a function of the runs.
#pragma once

#include <span>
#include <string>

#include "src/report/html_page.h"
#include "src/run/report_run.h"
#include "src/run/report_sweep.h"

namespace latent {

using ReportedRuns = std::span<const ReportedRun>;

/// Runs that the charts show; tables show all.
constexpr size_t kMostCharted = 8;

/// A section without parts has nothing to say and is left out of the page.
Section curves_section(ReportedRuns runs);
Section predictions_section(ReportedRuns runs);
/// Errors of ratings, or held-out items found, by how often item and user were trained on.
Section groups_section(ReportedRuns runs);
Section places_section(ReportedRuns runs);
/// Coverage, novelty and Gini of the lists.
Section lists_section(ReportedRuns runs);
Section map_section(ReportedRuns runs);
Section neighbours_section(ReportedRuns runs);
/// The metrics of the test part beside their baselines, and in full.
Section metrics_section(ReportedRuns runs);
/// Knobs that differ between the runs; of a single run those that differ from the defaults.
Section differences_section(ReportedRuns runs);
Section provenance_section(ReportedRuns runs);
Section sweep_section(const ReportedSweep& sweep);

}  // namespace latent
