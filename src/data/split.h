// The rows of a data set in three parts.
#pragma once

#include "src/config/options.h"
#include "src/data/interactions.h"
#include "src/data/read.h"
#include "src/data/read_as.h"

namespace latent {

struct Split {
  Interactions train, valid, test;
};

struct SplitDataset {
  IdMap users, items;
  Split parts;
  Pairs left_out;  ///< see Dataset: what the files hold beside the parts
  ReadAs read_as;
  uint32_t checksum = 0;
  std::vector<std::string> titles;  ///< [I], or empty
};

/// Random: the notebook's shuffle and cut (test = n - floor(n (1 - share))). Leave one out: each
/// user's newest row to test (and the second newest to valid) while at least one stays in train;
/// ties in time go by file order. Takes little memory beyond the rows, which become the train part.
/// Throws Error for shares that leave nothing to train on.
Split split_rows(Interactions rows, int32_t users, const SplitOptions& options);

/// Reads the files that `data` names, filters, splits: all that stands before training. Throws
/// Error with what wrong_split() (src/config/complaints.h) has to say, and for what the files hold.
SplitDataset load_dataset(const DataOptions& data, const SplitOptions& split);

}  // namespace latent
