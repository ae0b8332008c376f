// String ids to dense indices in order of first appearance.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace latent {

/// A bijection between distinct strings and 0..size()-1. All text lies in one buffer; look-ups go
/// through an open-addressing table of indices.
class IdMap {
 public:
  IdMap() = default;
  /// The map whose name k is text[ends[k], ends[k + 1]), as text() and ends() gave them.
  IdMap(std::string text, std::vector<uint64_t> ends);

  /// The index of `id`, added at the end when new.
  int32_t add(std::string_view id);
  /// The index of `id`, or -1.
  int32_t find(std::string_view id) const;
  std::string_view name(int32_t index) const {
    return std::string_view(text_).substr(ends_[index], ends_[index + 1] - ends_[index]);
  }
  int32_t size() const { return static_cast<int32_t>(ends_.size()) - 1; }
  std::vector<std::string> names() const;

  const std::string& text() const { return text_; }
  const std::vector<uint64_t>& ends() const { return ends_; }

 private:
  size_t slot_of(std::string_view id, uint64_t hash) const;
  void rehash(size_t slots);

  std::string text_;
  std::vector<uint64_t> ends_ = {0};  // [size + 1]
  std::vector<int32_t> slots_;        // a power of two; -1: free
  std::vector<uint32_t> hashes_;      // [size]
};

}  // namespace latent
