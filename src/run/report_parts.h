// What the sections of `latent report` share.
#pragma once

#include <string>

#include "src/run/report_sections.h"

namespace latent {

/// The runs that charts show: the first kMostCharted.
ReportedRuns charted(ReportedRuns runs);

/// "12,345".
std::string whole_text(int64_t n);

/// A row of the chart's table for each point, under the name of its series; `x`, `y` head columns.
void fill_table(Chart& chart, const std::string& caption, const std::string& x,
                const std::string& y);

/// What `latent compare` says of two runs or more, or why it says nothing.
void add_comparison(ReportedRuns runs, Section& section);

/// Adds a chart that has series.
void add_if_filled(Section& section, Chart chart);

}  // namespace latent
