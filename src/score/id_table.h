// Distinct strings by index and by text, over plain arrays that a file can hold as they are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace latent {

/// FNV-1a of the bytes, 32 bits (Fowler, Noll and Vo, 1991): the hash behind IdTable's slots, short
/// enough for an exported model to compute in TorchScript.
uint32_t id_hash(std::string_view id);

/// N strings end to end. Owns nothing: the arrays must outlive it. Empty by default.
class IdTable {
 public:
  IdTable() = default;
  /// String n is text[start[n], start[n + 1]); `start` is [N + 1]. `slots`, from id_slots(), serve
  /// find(); without them the table knows its strings by index only.
  IdTable(std::span<const char> text, std::span<const int64_t> start,
          std::span<const int32_t> slots = {})
      : text_(text), start_(start), slots_(slots) {}

  int32_t size() const { return start_.empty() ? 0 : static_cast<int32_t>(start_.size() - 1); }
  std::string_view operator[](int32_t n) const {
    return {text_.data() + start_[n], static_cast<size_t>(start_[n + 1] - start_[n])};
  }
  /// The index of `id`, or -1.
  int32_t find(std::string_view id) const;

  /// Whether the arrays fit each other, so that no index leads out of them: for those of a file.
  bool is_sound() const;

  /// Whether find() may be asked.
  bool is_searchable() const { return !slots_.empty(); }

  std::span<const char> text() const { return text_; }
  std::span<const int64_t> start() const { return start_; }

 private:
  std::span<const char> text_;
  std::span<const int64_t> start_;
  std::span<const int32_t> slots_;
};

/// The open-addressing table of N distinct strings: a power of two of slots, at most half of them
/// taken. An index lies in slot id_hash(string) or, where that is taken, the next free one,
/// cyclically; -1: free.
std::vector<int32_t> id_slots(const IdTable& ids);

/// An IdTable with the arrays it refers to.
class OwnedIds {
 public:
  OwnedIds() = default;
  /// `names` are distinct, or `searchable` is false.
  explicit OwnedIds(std::span<const std::string> names, bool searchable = true);

  IdTable table() const { return {text_, start_, slots_}; }

 private:
  std::string text_;
  std::vector<int64_t> start_ = {0};
  std::vector<int32_t> slots_;
};

}  // namespace latent
