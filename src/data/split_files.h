// The parts of a split as files that any tool reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/config/options.h"
#include "src/data/interactions.h"

namespace latent {

struct SplitFilesRequest {
  DataOptions data;
  SplitOptions split;
  std::string folder;     ///< made where it is not there
  int64_t all_folds = 0;  ///< above 0: fold-1 ... fold-K in `folder`, each with its parts
  bool gz = false;
  bool overwrite = false;
};

/// Writes train.csv, and valid.csv and test.csv where those parts have rows, in the order that
/// training has them: user,item,rating, and time where the data has times and data.time is not
/// none; numbers with all of their digits. Besides ids.csv (see id_order.h), with which
/// split.kind = files trains on the parts to the bits of the run that splits by itself. Returns
/// what it wrote. Throws Error, before anything is read or written, where a file of those names
/// stands in the folder and `overwrite` is false, or is a file that the data comes from; with
/// `overwrite` such files are replaced one by one, and those of parts that are now empty removed.
std::vector<std::string> write_split_files(const SplitFilesRequest& request);

/// One of those parts: user,item,rating, and time where the rows have it.
void write_part(const std::string& path, const Interactions& rows, const IdMap& users,
                const IdMap& items);

}  // namespace latent
