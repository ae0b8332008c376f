#include "src/sampling/batch_order.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "src/base/parallel.h"

namespace latent {

namespace {

constexpr int kDigit = 11;  // bits of a key at a time: its counts fit the nearest cache
constexpr size_t kFew = 1 << 13;  // samples that are not worth waking a thread

int width_of(const std::vector<int32_t>& keys) {
  uint32_t any = 0;
  for (const int32_t k : keys) any |= static_cast<uint32_t>(k);
  return std::bit_width(any);
}

uint64_t entry(int32_t key, size_t index) {
  return uint64_t{static_cast<uint32_t>(key)} << 32 | index;
}
int32_t key_of(uint64_t entry) { return static_cast<int32_t>(entry >> 32); }
uint32_t index_of(uint64_t entry) { return static_cast<uint32_t>(entry); }

}  // namespace

/// Calls fn(part, begin, end) for kParts parts of `size` values.
template <typename Fn>
void BatchOrder::for_parts(size_t size, const Fn& fn) const {
  parallel_chunks(kParts, size < kFew ? 1 : threads_, [&](int64_t part) {
    const auto p = static_cast<size_t>(part);
    fn(p, size * p / kParts, size * (p + 1) / kParts);
  });
}

template <typename EntryAt>
void BatchOrder::pass(size_t size, int low, int bits, const EntryAt& entry_at) {
  const int shift = 32 + low;
  const uint32_t mask = (1u << bits) - 1;
  other_.resize(size);
  for_parts(size, [&](size_t part, size_t begin, size_t end) {
    Counts& count = counts_[part];
    std::fill_n(count.begin(), mask + 1, 0);
    for (size_t n = begin; n < end; ++n) ++count[entry_at(n) >> shift & mask];
  });
  // A digit's entries of the first part come first: the order is that of one part.
  uint32_t sum = 0;
  for (uint32_t digit = 0; digit <= mask; ++digit) {
    for (Counts& count : counts_) sum += std::exchange(count[digit], sum);
  }
  for_parts(size, [&](size_t part, size_t begin, size_t end) {
    Counts& at = counts_[part];
    uint64_t* const to = other_.data();
    for (size_t n = begin; n < end; ++n) {
      const uint64_t e = entry_at(n);
      to[at[e >> shift & mask]++] = e;
    }
  });
  entries_.swap(other_);
}

void BatchOrder::sort(SampleBatch& batch) {
  sort_users(batch);
  bucket_items(batch);
}

void BatchOrder::sort_users(SampleBatch& batch) {
  const size_t size = batch.users.size();
  const int32_t* const users = batch.users.data();
  const int width = width_of(batch.users), passes = std::max(1, (width + kDigit - 1) / kDigit);
  for (int n = 0; n < passes; ++n) {  // the least significant digit first
    const int low = width * n / passes, bits = width * (n + 1) / passes - low;
    if (n == 0) {
      pass(size, low, bits, [&](size_t k) { return entry(users[k], k); });
    } else {
      pass(size, low, bits, [from = entries_.data()](size_t k) { return from[k]; });
    }
  }
  items_.resize(size);
  // Shared negatives belong to no sample.
  const size_t each = batch.shared || size == 0 ? 0 : batch.negatives.size() / size;
  negatives_.resize(each * size);
  ratings_.resize(batch.ratings.size());
  for_parts(size, [&](size_t, size_t begin, size_t end) {
    for (size_t n = begin; n < end; ++n) {
      batch.users[n] = key_of(entries_[n]);
      items_[n] = batch.items[index_of(entries_[n])];
    }
    for (size_t n = begin; each > 0 && n < end; ++n)
      std::copy_n(batch.negatives.begin() + index_of(entries_[n]) * each, each,
                  negatives_.begin() + n * each);
    for (size_t n = begin; n < std::min(end, ratings_.size()); ++n)
      ratings_[n] = batch.ratings[index_of(entries_[n])];
  });
  batch.items.swap(items_);
  if (each > 0) batch.negatives.swap(negatives_);
  batch.ratings.swap(ratings_);
}

int BatchOrder::most_shift(int64_t items) {
  return std::max(0, static_cast<int>(std::bit_width(static_cast<uint64_t>(items - 1))) - kDigit);
}

void BatchOrder::bucket_items(SampleBatch& batch) {
  const size_t size = batch.items.size(), all = size + batch.negatives.size();
  batch.item_shift =
      std::max(0, std::max(width_of(batch.items), width_of(batch.negatives)) - kDigit);
  const int32_t *const items = batch.items.data(), *const negatives = batch.negatives.data();
  pass(all, batch.item_shift, kDigit,
       [&](size_t n) { return entry(n < size ? items[n] : negatives[n - size], n); });
  batch.sorted_items.resize(all);
  batch.item_order.resize(all);
  for_parts(all, [&](size_t, size_t begin, size_t end) {
    for (size_t n = begin; n < end; ++n) {
      batch.sorted_items[n] = key_of(entries_[n]);
      batch.item_order[n] = static_cast<int32_t>(index_of(entries_[n]));
    }
  });
}

}  // namespace latent
