#include "src/sampling/batch_order.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace latent {

namespace {

constexpr int kDigit = 11;  // bits of a key at a time: its counts fit the nearest cache
using Counts = std::array<uint32_t, 1 << kDigit>;

int width_of(const std::vector<int32_t>& keys) {
  uint32_t any = 0;
  for (const int32_t k : keys) any |= static_cast<uint32_t>(k);
  return std::bit_width(any);
}

/// One pass of a stable radix sort, by `bits` bits of the key from `low` on.
void pass(const std::vector<uint64_t>& from, std::vector<uint64_t>& to, Counts& at, int low,
          int bits) {
  uint32_t sum = 0;
  for (int digit = 0; digit < 1 << bits; ++digit) sum += std::exchange(at[digit], sum);
  const int shift = 32 + low;
  const uint32_t mask = (1u << bits) - 1;
  for (const uint64_t e : from) to[at[e >> shift & mask]++] = e;
}

template <typename T>
void permute(const std::vector<uint64_t>& entries, std::vector<T>& values, std::vector<T>& scratch) {
  scratch.resize(values.size());
  for (size_t n = 0; n < values.size(); ++n)
    scratch[n] = values[static_cast<uint32_t>(entries[n])];
  values.swap(scratch);
}

}  // namespace

void BatchOrder::sort(SampleBatch& batch) {
  sort_users(batch);
  bucket_items(batch);
}

void BatchOrder::sort_users(SampleBatch& batch) {
  const size_t size = batch.users.size();
  entries_.resize(size);
  other_.resize(size);
  for (size_t n = 0; n < size; ++n)
    entries_[n] = uint64_t{static_cast<uint32_t>(batch.users[n])} << 32 | n;
  const int width = width_of(batch.users), passes = (width + kDigit - 1) / kDigit;
  for (int n = 0; n < passes; ++n) {  // the least significant digit first
    const int low = width * n / passes, bits = width * (n + 1) / passes - low;
    Counts counts = {};
    for (const int32_t u : batch.users) ++counts[u >> low & ((1 << bits) - 1)];
    pass(entries_, other_, counts, low, bits);
    entries_.swap(other_);
  }
  for (size_t n = 0; n < size; ++n) batch.users[n] = static_cast<int32_t>(entries_[n] >> 32);
  permute(entries_, batch.items, ints_);
  if (!batch.negatives.empty()) permute(entries_, batch.negatives, ints_);
  if (!batch.ratings.empty()) permute(entries_, batch.ratings, floats_);
}

void BatchOrder::bucket_items(SampleBatch& batch) {
  const size_t size = batch.items.size(), all = size + batch.negatives.size();
  batch.item_shift = std::max(0, std::max(width_of(batch.items), width_of(batch.negatives)) - kDigit);
  entries_.resize(all);
  other_.resize(all);
  Counts counts = {};
  for (size_t n = 0; n < all; ++n) {
    const int32_t item = n < size ? batch.items[n] : batch.negatives[n - size];
    ++counts[item >> batch.item_shift];
    entries_[n] = uint64_t{static_cast<uint32_t>(item)} << 32 | n;
  }
  pass(entries_, other_, counts, batch.item_shift, kDigit);
  batch.sorted_items.resize(all);
  batch.item_order.resize(all);
  for (size_t n = 0; n < all; ++n) {
    batch.sorted_items[n] = static_cast<int32_t>(other_[n] >> 32);
    batch.item_order[n] = static_cast<int32_t>(static_cast<uint32_t>(other_[n]));
  }
}

}  // namespace latent
