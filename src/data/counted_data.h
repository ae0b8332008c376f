// What `data info` says of a data set: counted once, then kept in the cache beside its rows.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/data/read.h"

namespace latent {

struct CountedData {
  FormatInfo format;
  int64_t bad_rows = 0, missing_rows = 0;
  int64_t rows = 0, users = 0, items = 0;  ///< after the filters, as all that follows
  int64_t repeated_pairs = 0;              ///< as in RowCounts, as the next two lines
  double rating_sum = 0, rating_min = 0, rating_max = 0;
  std::vector<std::pair<double, int64_t>> ratings;
  /// Ids with most rows, and how many.
  std::vector<std::pair<std::string, int64_t>> most_active, most_popular;
};

/// Of data that filter_rows() has been over.
CountedData count_data(const RawData& filtered);

/// Where the counts of one data set are kept: under the key of its cached rows and the filters.
class KeptCounts {
 public:
  /// Looks at the file now: counts of what is read after that are never taken for those of another
  /// state of it.
  KeptCounts(const DataOptions& options, bool need_time);

  /// What save() kept there, or nothing: there is no cache, no such file in it, or a damaged one,
  /// which is said.
  std::optional<CountedData> load() const;
  /// Says so when it cannot.
  void save(const CountedData& counts) const;

 private:
  std::filesystem::path folder_;
  std::string key_;  // empty: nothing is kept
};

}  // namespace latent
