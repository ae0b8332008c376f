#include "src/score/id_table.h"

#include <algorithm>

namespace latent {

uint32_t id_hash(std::string_view id) {
  uint32_t hash = 2166136261u;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

int32_t IdTable::find(std::string_view id) const {
  if (slots_.empty()) return -1;
  const size_t mask = slots_.size() - 1;
  for (size_t slot = id_hash(id) & mask;; slot = (slot + 1) & mask) {
    const int32_t n = slots_[slot];
    if (n < 0 || (*this)[n] == id) return n;
  }
}

bool IdTable::is_sound() const {
  if (start_.empty() || start_.size() > INT32_MAX || start_.front() != 0 ||
      start_.back() != static_cast<int64_t>(text_.size()) ||
      !std::is_sorted(start_.begin(), start_.end()))
    return false;
  if (slots_.empty()) return true;
  if ((slots_.size() & (slots_.size() - 1)) != 0) return false;
  int64_t taken = 0;
  for (const int32_t n : slots_) {
    if (n < -1 || n >= size()) return false;
    taken += n >= 0;
  }
  // A free slot is what ends the search for an unknown id.
  return taken == size() && taken < static_cast<int64_t>(slots_.size());
}

std::vector<int32_t> id_slots(const IdTable& ids) {
  size_t count = 2;
  while (count < 2 * static_cast<size_t>(ids.size())) count *= 2;
  const size_t mask = count - 1;
  std::vector<int32_t> slots(count, -1);
  constexpr int32_t kTogether = 64;  // slots lie anywhere: these are waited for at once
  size_t at[kTogether];
  for (int32_t first = 0; first < ids.size(); first += kTogether) {
    const int32_t size = std::min(kTogether, ids.size() - first);
    for (int32_t n = 0; n < size; ++n) {
      at[n] = id_hash(ids[first + n]) & mask;
      __builtin_prefetch(&slots[at[n]], /*write=*/1);
    }
    for (int32_t n = 0; n < size; ++n) {
      size_t slot = at[n];
      while (slots[slot] >= 0) slot = (slot + 1) & mask;
      slots[slot] = first + n;
    }
  }
  return slots;
}

OwnedIds::OwnedIds(std::span<const std::string> names, bool searchable) {
  for (const std::string& name : names) {
    text_ += name;
    start_.push_back(static_cast<int64_t>(text_.size()));
  }
  if (searchable) slots_ = id_slots(table());
}

}  // namespace latent
