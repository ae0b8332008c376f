// A chart as inline SVG, and as the HTML figure around it.
#pragma once

#include <string>

#include "src/report/chart.h"

namespace latent {

/// <svg role="img"> with a title, a description and, for more than one series, a legend. `id` makes
/// its ids unique in the page. Colours come from classes that the page's style gives
/// (page_style.h).
std::string chart_svg(const Chart& chart, const std::string& id);

/// What the chart shows in words, for those who do not see it.
std::string chart_description(const Chart& chart);

}  // namespace latent
