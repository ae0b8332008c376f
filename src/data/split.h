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
  Pairs left_out;       ///< see Dataset: what the files hold beside the parts
  Strangers strangers;  ///< likewise
  ReadAs read_as;
  uint32_t checksum = 0;
  std::vector<std::string> titles;  ///< [I], or empty
};

/// Random: the notebook's shuffle and cut (test = n - floor(n (1 - share))). K-fold: the same
/// shuffle, then fold_of(). The parts of the other kinds keep the order of the rows:
/// - by row: row n is in the part that its own draw says: number n % 2^16 of the stream
///   ("split_row", n / 2^16), below the test share: test, below both shares: valid. So are random
///   rows that lie on disk, under by_row_on_disk;
/// - leave one out: each user's newest row to test (and the second newest to valid) while at least
///   one stays in train;
/// - time: the newest rows of all, as many as the random split takes, or those from test_from (and
///   valid_from) on, for which the rows must have times;
/// - per user: floor(n share) of each user's n rows, random or newest ones; one stays in train.
/// The newest row is the last one among those of the greatest time: ties go by place in the file,
/// as do rows without times. Takes little memory beyond the rows, which become the train part.
/// Throws Error for shares that leave nothing to train on.
Split split_rows(Interactions rows, int32_t users, const SplitOptions& options);

/// Puts rows in the order from which folds are cut. Throws Error where they are fewer than folds.
void shuffle_into_folds(Interactions& rows, const SplitOptions& options);

/// Fold `fold`, from 0, of rows in that order: the first size % folds parts hold one row more.
/// The share `valid` of the other folds' rows, off their end, is the validation part.
Split fold_of(const Interactions& shuffled, int64_t fold, int64_t folds, double valid);

/// Moves a random share of `split.train` to validation.
void carve_valid(Split& split, const SplitOptions& options);

/// Whether the parts depend on which rows are newer.
bool needs_time(const SplitOptions& options);

/// Whether the parts are made in a pass or two over the rows, in their order, with little memory
/// beside: those of rows on disk.
bool splits_in_passes(const DataOptions& data, const SplitOptions& split);

/// A data set before it is split.
struct WholeDataset {
  RawData raw;  ///< filtered, ids numbered as data.ids_path says
  ReadAs read_as;
};

/// Reads the files that `data` names, and filters. Times are read where the split depends on them,
/// or `with_time` asks. Above data.memory the rows stay on disk, where the split needs no more than
/// passes over them (splits_in_passes()) and there is a folder for caches. Throws Error with what
/// wrong_split() (src/config/complaints.h) has to say, and for what the files hold.
WholeDataset load_whole(const DataOptions& data, const SplitOptions& split,
                        bool with_time = false);

/// The parts of `whole`, whose rows it takes; they lie where those did. Throws Error where no row
/// is left to train on, or a date leaves a part without rows.
Split split_whole(WholeDataset& whole, const DataOptions& data, const SplitOptions& split);

/// All that stands before training: both, and the titles.
SplitDataset load_dataset(const DataOptions& data, const SplitOptions& split);

}  // namespace latent
