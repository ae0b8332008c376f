// String ids to dense indices in order of first appearance.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/huge_pages.h"

namespace latent {

/// A bijection between distinct strings and 0..size()-1. All text lies in one buffer; look-ups go
/// through an open-addressing table that holds short ids itself, so that one costs one miss.
class IdMap {
 public:
  IdMap() = default;
  /// The map whose name k is text[ends[k], ends[k + 1]), as text() and ends() gave them. Its table
  /// is made by the first look-up.
  IdMap(std::string text, std::vector<uint64_t> ends);

  /// The index of `id`, added at the end when new.
  int32_t add(std::string_view id);
  /// add() of each of `ids` in order, the indices into `out`: many look-ups wait for memory at
  /// once. The kPadding bytes after an id's first are read, whatever they are.
  static constexpr size_t kPadding = 12;
  void add_all(std::span<const std::string_view> ids, int32_t* out);
  /// The index of `id`, or -1. The first call on a map that came back from its text makes the
  /// table, so it must not run beside another.
  int32_t find(std::string_view id) const;
  std::string_view name(int32_t index) const {
    return std::string_view(text_).substr(ends_[index], ends_[index + 1] - ends_[index]);
  }
  int32_t size() const { return static_cast<int32_t>(ends_.size()) - 1; }
  std::vector<std::string> names() const;

  const std::string& text() const { return text_; }
  const std::vector<uint64_t>& ends() const { return ends_; }

 private:
  /// An id of up to 11 bytes, all of it: its bytes, then its length in the highest. Of a longer id,
  /// a hash: equal keys are not yet equal ids.
  struct Key {
    uint64_t first;
    uint32_t last;
    bool operator==(const Key&) const = default;
  };
  struct Slot {
    uint64_t first;
    uint32_t last;
    int32_t index;  // -1: free
    Key key() const { return {first, last}; }
  };

  static Key key_of(std::string_view id);
  static Key key_of_padded(std::string_view id);
  static bool is_hash(const Key& key) { return key.last >= 0xFF000000u; }
  static uint64_t hash_of(const Key& key);
  size_t slot_of(std::string_view id, const Key& key, uint64_t hash) const;
  int32_t add(std::string_view id, const Key& key, uint64_t hash);
  /// Room for `more` ids.
  void make_room(size_t more) const;

  std::string text_;
  std::vector<uint64_t> ends_ = {0};  // [size + 1]
  mutable Table<Slot> slots_;         // a power of two, or none yet
};

}  // namespace latent
