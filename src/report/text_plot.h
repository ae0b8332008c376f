// A curve drawn with characters.
#pragma once

#include <string>
#include <vector>

namespace latent {

/// `values` over their index, `height` rows of at most `width` columns with the range at the left;
/// colour only when `colour`. Neighbours that share a column are averaged; values that are not
/// finite are left out.
std::string text_plot(const std::vector<double>& values, int width, int height, bool colour);

}  // namespace latent
