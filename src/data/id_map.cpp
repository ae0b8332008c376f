#include "src/data/id_map.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "src/base/error.h"

namespace latent {

namespace {

static_assert(std::endian::native == std::endian::little, "keys are loaded as they lie");

constexpr uint64_t kOdd1 = 0x9E3779B97F4A7C15u, kOdd2 = 0xD6E8FEB86659FD93u;
constexpr size_t kShort = 11, kBatch = 128;

template <typename T>
uint64_t load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Both halves of a product: every bit of both factors reaches the low ones.
uint64_t mixed(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// The first eight bytes, or all there are and zeros. Loads overlap rather than leave the id.
uint64_t first_bytes(const char* at, size_t n) {
  if (n >= 8) return load<uint64_t>(at);
  if (n >= 4) return load<uint32_t>(at) | load<uint32_t>(at + n - 4) << (8 * (n - 4));
  if (n == 0) return 0;
  const size_t middle = n / 2;
  return load<uint8_t>(at) | load<uint8_t>(at + middle) << (8 * middle) |
         load<uint8_t>(at + n - 1) << (8 * (n - 1));
}

}  // namespace

IdMap::Key IdMap::key_of(std::string_view id) {
  const char* at = id.data();
  const size_t n = id.size();
  if (n <= kShort) {
    const uint64_t beyond = n > 8 ? load<uint32_t>(at + n - 4) >> (8 * (12 - n)) : 0;
    return {first_bytes(at, n), static_cast<uint32_t>(beyond | n << 24)};
  }
  const char* const end = at + n;
  uint64_t h = n * kOdd1;
  for (size_t left = n; left > 16; left -= 16, at += 16)
    h = mixed(load<uint64_t>(at) ^ h ^ kOdd1, load<uint64_t>(at + 8) ^ kOdd2);
  // The last 16 bytes, or the 12 to 15 there are.
  h = mixed(load<uint64_t>(n < 16 ? at : end - 16) ^ h ^ kOdd1, load<uint64_t>(end - 8) ^ kOdd2);
  return {mixed(h ^ kOdd2, n ^ kOdd1), static_cast<uint32_t>(0xFF000000u | h >> 40)};
}

/// The same without a branch for each length: ids of one file have many.
[[gnu::always_inline]] inline IdMap::Key IdMap::key_of_padded(std::string_view id) {
  static constexpr uint64_t kAll = ~uint64_t{0};
  static constexpr uint64_t kFirst[] = {0,         kAll >> 56, kAll >> 48, kAll >> 40,
                                        kAll >> 32, kAll >> 24, kAll >> 16, kAll >> 8,
                                        kAll,       kAll,       kAll,       kAll};
  static constexpr uint32_t kLast[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFFFF, 0xFFFFFF};
  const size_t n = id.size();
  if (n > kShort) return key_of(id);
  return {load<uint64_t>(id.data()) & kFirst[n],
          static_cast<uint32_t>((load<uint32_t>(id.data() + 8) & kLast[n]) | n << 24)};
}

[[gnu::always_inline]] inline uint64_t IdMap::hash_of(const Key& key) {
  return is_hash(key) ? key.first : mixed(key.first ^ kOdd1, key.last ^ kOdd2);
}

size_t IdMap::slot_of(std::string_view id, const Key& key, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot].index >= 0) {
    if (slots_[slot].key() == key && (!is_hash(key) || name(slots_[slot].index) == id)) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

IdMap::IdMap(std::string text, std::vector<uint64_t> ends)
    : text_(std::move(text)), ends_(std::move(ends)) {}

void IdMap::make_room(size_t more) const {
  const size_t wanted = static_cast<size_t>(size()) + more;
  if (wanted * 3 <= slots_.size() * 2) return;
  size_t slots = std::max<size_t>(slots_.size(), 64);
  while (wanted * 3 > slots * 2) slots *= 2;
  Table<Slot> larger(slots, Slot{0, 0, -1});
  const auto put = [&](const Key& key, int32_t index) {
    size_t slot = hash_of(key) & (slots - 1);
    while (larger[slot].index >= 0) slot = (slot + 1) & (slots - 1);
    larger[slot] = {key.first, key.last, index};
  };
  if (slots_.empty()) {
    for (int32_t index = 0; index < size(); ++index) put(key_of(name(index)), index);
  } else {
    for (const Slot& slot : slots_) {
      if (slot.index >= 0) put(slot.key(), slot.index);
    }
  }
  slots_ = std::move(larger);
}

int32_t IdMap::add(std::string_view id, const Key& key, uint64_t hash) {
  Slot& slot = slots_[slot_of(id, key, hash)];
  if (slot.index >= 0) return slot.index;
  if (size() == INT32_MAX - 1)
    throw Error("more than 2^31 - 2 distinct ids: too many for int32 indices");
  slot = {key.first, key.last, size()};
  text_.append(id);
  ends_.push_back(text_.size());
  return size() - 1;
}

int32_t IdMap::add(std::string_view id) {
  make_room(1);
  const Key key = key_of(id);
  return add(id, key, hash_of(key));
}

void IdMap::add_all(std::span<const std::string_view> ids, int32_t* out) {
  Key keys[kBatch];
  uint64_t hashes[kBatch];
  for (; !ids.empty(); ids = ids.subspan(std::min(kBatch, ids.size()))) {
    const size_t n = std::min(kBatch, ids.size());
    make_room(n);
    const size_t mask = slots_.size() - 1;
    // Of an id that is all in its key: its index, or -1.
    const auto find_short = [this, mask](const Key& key, uint64_t hash) {
      for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
        const Slot& s = slots_[slot];
        if (s.index < 0 || s.key() == key) return s.index;
      }
    };
    bool some_long = false;
    for (size_t k = 0; k < n; ++k) {
      keys[k] = key_of_padded(ids[k]);
      // Rows often come user by user: an id that was there just now is not looked up again.
      if (k > 0 && keys[k] == keys[k - 1] && !is_hash(keys[k])) continue;
      hashes[k] = hash_of(keys[k]);
      __builtin_prefetch(&slots_[hashes[k] & mask], 1);
      some_long |= is_hash(keys[k]);
    }
    if (some_long) {  // the texts too, two steps behind the slots
      for (size_t k = 0; k < n; ++k) {
        if (!is_hash(keys[k])) continue;
        const Slot& slot = slots_[hashes[k] & mask];
        if (slot.index >= 0) __builtin_prefetch(&ends_[slot.index]);
      }
      for (size_t k = 0; k < n; ++k) {
        if (!is_hash(keys[k])) continue;
        const Slot& slot = slots_[hashes[k] & mask];
        if (slot.index >= 0) __builtin_prefetch(text_.data() + ends_[slot.index]);
      }
    }
    for (size_t k = 0; k < n; ++k, ++out) {
      if (is_hash(keys[k])) {
        *out = add(ids[k], keys[k], hashes[k]);
      } else if (k > 0 && keys[k] == keys[k - 1]) {
        *out = out[-1];
      } else if ((*out = find_short(keys[k], hashes[k])) < 0) {
        *out = add(ids[k], keys[k], hashes[k]);
      }
    }
  }
}

int32_t IdMap::find(std::string_view id) const {
  if (size() == 0) return -1;
  make_room(0);
  const Key key = key_of(id);
  return slots_[slot_of(id, key, hash_of(key))].index;
}

std::vector<std::string> IdMap::names() const {
  std::vector<std::string> out;
  out.reserve(size());
  for (int32_t index = 0; index < size(); ++index) out.emplace_back(name(index));
  return out;
}

}  // namespace latent
