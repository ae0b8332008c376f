// Titles of items from a side file.
#pragma once

#include <string>
#include <vector>

#include "src/config/options.h"
#include "src/data/id_map.h"

namespace latent {

struct Titles {
  std::vector<std::string>
      of_item;            ///< [I], UTF-8; empty: no title. No entries at all without a side file
  std::string id_column;  ///< the column or field that was matched
  int64_t matched = 0;    ///< items that have a title
};

/// Reads the side file for `items`. Throws Error with file and line; says so when fewer than half
/// the items have a title.
Titles load_titles(const TitleOptions& options, const IdMap& items);

}  // namespace latent
