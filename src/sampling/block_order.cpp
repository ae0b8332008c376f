#include "src/sampling/block_order.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "src/base/parallel.h"
#include "src/base/rng.h"

namespace latent {

namespace {

void advise_column(const void* data, size_t bytes, int advice) {
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto at = reinterpret_cast<uintptr_t>(data), from = at / page * page;
  ::madvise(reinterpret_cast<void*>(from), at + bytes - from, advice);
}

void advise(const Interactions& rows, int advice) {
  if (!rows.on_disk()) return;
  advise_column(rows.user.data(), rows.user.size() * sizeof rows.user[0], advice);
  advise_column(rows.item.data(), rows.item.size() * sizeof rows.item[0], advice);
  advise_column(rows.rating.data(), rows.rating.size() * sizeof rows.rating[0], advice);
}

}  // namespace

void expect_pass(const Interactions& rows) { advise(rows, MADV_NORMAL); }

BlockOrder::BlockOrder(const Interactions& rows, uint64_t seed, BlockSizes sizes)
    : rows_(rows), seed_(seed), sizes_(sizes) {}

template <typename Fn>
void BlockOrder::for_blocks(int64_t window, const Fn& fn) const {
  const int64_t first = window * sizes_.blocks,
                end = std::min(std::ssize(blocks_), first + sizes_.blocks);
  for (int64_t k = first; k < end; ++k) {
    const int64_t row = blocks_[k] * sizes_.rows;
    fn(row, std::min(rows_.size(), row + sizes_.rows));
  }
}

void BlockOrder::begin_epoch(int64_t epoch) {
  blocks_.resize(ceil_div(rows_.size(), sizes_.rows));
  std::iota(blocks_.begin(), blocks_.end(), 0);
  shuffle(blocks_, Rng(seed_).stream("blocks", epoch));
  begins_.assign(1, 0);
  for (int64_t window = 0; window * sizes_.blocks < std::ssize(blocks_); ++window) {
    int64_t rows = 0;
    for_blocks(window, [&](int64_t row, int64_t end) { rows += end - row; });
    begins_.push_back(begins_.back() + rows);
  }
  epoch_ = epoch;
  open_ = -1;
}

/// Only rows on disk are to be fetched; whose ratings nobody reads have none to be.
void BlockOrder::read_ahead(int64_t window) const {
  if (!rows_.on_disk()) return;
  for_blocks(window, [&](int64_t row, int64_t end) {
    will_need(&rows_.user[row], (end - row) * sizeof rows_.user[0]);
    will_need(&rows_.item[row], (end - row) * sizeof rows_.item[0]);
    will_need(&rows_.rating[row], (end - row) * sizeof rows_.rating[0]);
  });
}

void BlockOrder::open_window(int64_t window) {
  // A row that is not there yet is to bring no megabytes of rows around it, which would take the
  // place of what has been read ahead.
  advise(rows_, MADV_RANDOM);
  read_ahead(window);  // again what has had to make room meanwhile
  window_.clear();
  for_blocks(window, [&](int64_t row, int64_t end) {
    for (int64_t n = row; n < end; ++n) window_.push_back(static_cast<uint32_t>(n));
  });
  shuffle(window_, Rng(seed_).stream("window", epoch_, window));
  open_ = window;
  read_ahead(window + 1);
}

void BlockOrder::rows_at(int64_t epoch, int64_t first, std::span<uint32_t> out) {
  if (epoch != epoch_) begin_epoch(epoch);
  for (size_t had = 0; had < out.size();) {
    const int64_t place = first + static_cast<int64_t>(had);
    const int64_t window = std::ranges::upper_bound(begins_, place) - begins_.begin() - 1;
    if (window != open_) open_window(window);
    const auto from = window_.begin() + (place - begins_[window]);
    const auto some = std::min<int64_t>(window_.end() - from, std::ssize(out) - had);
    std::copy_n(from, some, out.begin() + had);
    had += some;
  }
}

}  // namespace latent
