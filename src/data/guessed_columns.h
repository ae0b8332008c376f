// Columns taken by position must hold what their role can hold.
#pragma once

#include <string>
#include <vector>

#include "src/config/options.h"

namespace latent {

struct GuessedColumns {
  const std::string& place;  ///< for errors
  const std::vector<std::vector<std::string>>& rows;
  const DataOptions& options;
  const int* column;  ///< [4]: of user, item, rating and time; -1: none
  bool header;        ///< the first of `rows` is one
};

/// Throws Error where the first rows do not look like user, item, rating in this order: five
/// columns or more of which none is told, rows of many lengths, ids with a fraction, times as ids
/// or ratings.
void check_guessed_columns(const GuessedColumns& guess);

}  // namespace latent
