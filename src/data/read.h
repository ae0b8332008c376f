// A config's data files as one data set: rows of all parts, ids by first appearance, filters
// applied.
#pragma once

#include <limits>

#include "src/config/options.h"
#include "src/data/interactions.h"
#include "src/data/row_format.h"

namespace latent {

/// Rows as they stand in the files, before any filter.
struct RawData {
  Dataset data;
  std::vector<int64_t> part_ends;  ///< rows of the first file, of the first two, ...
  FormatInfo format;               ///< of the first file
  int64_t bad_rows = 0;            ///< skipped under data.on_bad_row
  int64_t missing_rows = 0;        ///< dropped by data.missing
};

/// Where rows are to lie: more bytes of them than `memory` in files of `folder`; null: all in
/// memory.
struct RowPlace {
  ColumnFolder folder;
  double memory = std::numeric_limits<double>::infinity();

  bool takes_to_disk(double bytes) const { return folder != nullptr && bytes > memory; }
};

/// Bytes that rows take.
double bytes_of_rows(int64_t rows, bool with_time);

/// Parses the files at `paths` in order, the later ones as the first was read. Throws Error with
/// file and line.
RawData parse_files(const std::vector<std::string>& paths, const DataOptions& options,
                    bool need_time, const RowPlace& place = {});

/// The same through the cache of parsed files (data.cache_dir), where rows on disk lie mapped.
RawData read_files(const std::vector<std::string>& paths, const DataOptions& options,
                   bool need_time, const RowPlace& place = {});

/// drop_zero, positive_at_least, duplicates (within a part), then the k-core; ids are given anew in
/// order of first appearance among the rows that stay. Throws Error when none stays.
/// Leaves in raw.data.left_out what data.where had put there and what the first two drop.
void filter_rows(RawData& raw, const DataOptions& options);

}  // namespace latent
