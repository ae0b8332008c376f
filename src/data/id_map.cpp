#include "src/data/id_map.h"

#include <functional>

#include "src/base/error.h"

namespace latent {

namespace {

uint64_t hash_of(std::string_view id) { return std::hash<std::string_view>{}(id); }

}  // namespace

size_t IdMap::slot_of(std::string_view id, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot] >= 0) {
    const int32_t index = slots_[slot];
    if (hashes_[index] == static_cast<uint32_t>(hash >> 32) && name(index) == id) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

IdMap::IdMap(std::string text, std::vector<uint64_t> ends)
    : text_(std::move(text)), ends_(std::move(ends)) {
  hashes_.reserve(size());
  for (int32_t index = 0; index < size(); ++index)
    hashes_.push_back(static_cast<uint32_t>(hash_of(name(index)) >> 32));
  size_t slots = 64;
  while (slots <= static_cast<size_t>(size()) * 2) slots *= 2;
  rehash(slots);
}

void IdMap::rehash(size_t slots) {
  slots_.assign(slots, -1);
  for (int32_t index = 0; index < size(); ++index) {
    size_t slot = hash_of(name(index)) & (slots - 1);
    while (slots_[slot] >= 0) slot = (slot + 1) & (slots - 1);
    slots_[slot] = index;
  }
}

int32_t IdMap::add(std::string_view id) {
  if (static_cast<size_t>(size()) * 2 >= slots_.size())
    rehash(slots_.empty() ? 64 : slots_.size() * 2);
  const uint64_t hash = hash_of(id);
  const size_t slot = slot_of(id, hash);
  if (slots_[slot] >= 0) return slots_[slot];
  if (size() == INT32_MAX - 1)
    throw Error("more than 2^31 - 2 distinct ids: too many for int32 indices");
  slots_[slot] = size();
  hashes_.push_back(static_cast<uint32_t>(hash >> 32));
  text_.append(id);
  ends_.push_back(text_.size());
  return size() - 1;
}

int32_t IdMap::find(std::string_view id) const {
  return slots_.empty() ? -1 : slots_[slot_of(id, hash_of(id))];
}

std::vector<std::string> IdMap::names() const {
  std::vector<std::string> out;
  out.reserve(size());
  for (int32_t index = 0; index < size(); ++index) out.emplace_back(name(index));
  return out;
}

}  // namespace latent
