// Which columns of a delimited file play which role, by its header, by position or as told.
#pragma once

#include <string>
#include <vector>

#include "src/data/row_format.h"

namespace latent {

struct DelimitedLayout {
  FormatInfo info;
  int user = 0, item = 1, rating = -1, time = -1;  ///< columns; -1: absent
  std::vector<int> where;                          ///< that of each condition of data.where
  /// Fields of a row, without empty ones at the end: more or fewer make a bad row.
  size_t least = 2, most = 2;
};

/// `info` holds format and separator; `rows` are the first ones, the header among them. Throws
/// Error where no column fits, or several may.
DelimitedLayout delimited_layout(const FileHead& head,
                                 const std::vector<std::vector<std::string>>& rows,
                                 const FormatInfo& info, const DataOptions& options, bool need_time,
                                 const FormatInfo* like);

}  // namespace latent
