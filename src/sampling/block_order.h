// An order of rows for data on disk: random, but of a part of the file at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/data/interactions.h"

namespace latent {

/// How far rows are mixed. Part of the order's definition, so never to depend on the machine.
struct BlockSizes {
  int64_t rows = 1 << 14;   ///< of a block: 64 KB of each column, which a disk reads at once
  int64_t blocks = 1 << 8;  ///< of a window: 4.2 million rows, of 50 MB
};

/// Has the system read rows on disk well ahead, as it does unless a BlockOrder is at work on them:
/// before a pass over all of them.
void expect_pass(const Interactions& rows);

/// Epochs over rows without replacement. Rows are cut into blocks, as they lie; the last one may be
/// short. An epoch takes the blocks in the order that shuffling their numbers by the stream
/// ("blocks", epoch) gives, a window of them after another; the rows of a window, in the order of
/// its blocks, are shuffled by ("window", epoch, window). Up to a window of rows that is a random
/// order like any other. A window is made when it is asked for: any place of any epoch costs as
/// much.
class BlockOrder {
 public:
  /// Keeps a reference.
  BlockOrder(const Interactions& rows, uint64_t seed, BlockSizes sizes = {});

  /// The rows at the places [first, first + out.size()) of the epoch's order.
  void rows_at(int64_t epoch, int64_t first, std::span<uint32_t> out);

 private:
  void begin_epoch(int64_t epoch);
  void open_window(int64_t window);
  /// Calls fn(first row, its end) for the blocks of a window of this epoch.
  template <typename Fn>
  void for_blocks(int64_t window, const Fn& fn) const;
  void read_ahead(int64_t window) const;

  const Interactions& rows_;
  uint64_t seed_;
  BlockSizes sizes_;
  std::vector<uint32_t> blocks_;  // of epoch_, in its order
  std::vector<int64_t> begins_;   // place of each window's first row, and the end of the last
  std::vector<uint32_t> window_;  // rows of open_, in its order
  int64_t epoch_ = -1, open_ = -1;
};

}  // namespace latent
