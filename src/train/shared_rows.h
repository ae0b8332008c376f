// Rows of tables that several ranks have among them, each some.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "src/base/peers.h"

namespace latent {

/// Tables of one side, [R, .] each. A rank's own rows are right; another's are as right as the last
/// unpack(), collect() or gather() has made them, or zero.
///
/// Tables have room for all rows, so that a row lies where its number says; but what nobody touches
/// takes no memory, and what other ranks' rows have taken goes back to the system now and then.
class SharedRows {
 public:
  /// Keeps the tables: those that are defined.
  SharedRows(const std::vector<torch::Tensor>& tables, OwnedRows rows);

  const OwnedRows& rows() const { return rows_; }
  bool has(const torch::Tensor& table) const;
  /// Rows `ids`, those of one rank after those of another: what is to be gathered, then unpacked.
  SharedArray pack(std::vector<int32_t> ids);
  void unpack();
  /// For exchanges: appends rows, and takes rows of others in their place; returns where it ends.
  void write(const std::vector<int32_t>& ids, std::vector<char>& to) const;
  const char* read(const std::vector<int32_t>& ids, const char* from);
  /// Bytes of a row of all tables.
  int64_t width() const { return width_; }
  int owner_of(int32_t row) const;
  /// Gives the memory of other ranks' rows back where they have taken much of it since the last
  /// time: of the tables and of `more`, [R, .] each.
  void tidy(const std::vector<torch::Tensor>& more);
  /// What is in other ranks' rows is of no use any more.
  void has_strangers() { taken_ = kAll; }
  /// Brings all rows of the tables to the first rank.
  void collect() { collect_also(tables_); }
  /// Of others, [R, .] each.
  void collect_also(const std::vector<torch::Tensor>& tables);
  /// Brings all rows of the tables to all ranks.
  void gather();

 private:
  void took(int64_t rows);

  static constexpr int64_t kMuch = int64_t{1} << 28;  // bytes
  static constexpr int64_t kAll = int64_t{1} << 62;

  std::vector<torch::Tensor> tables_;
  OwnedRows rows_;
  int64_t width_ = 0;  // bytes of a row of all tables
  // Of the last pack().
  std::vector<int32_t> ids_;
  Shares of_ids_;
  std::vector<char> packed_;
  int64_t taken_ = kAll;  // by other ranks' rows, in whole pages; at first by initial values
};

/// Zeros in the shape of `table`, which take memory where they are touched.
torch::Tensor untouched_zeros(const torch::Tensor& table,
                              torch::ScalarType type = torch::kFloat);
/// A copy of `table` that takes memory for this rank's own rows alone; of all where none is shared.
torch::Tensor copy_of_own(const torch::Tensor& table, const OwnedRows& rows);
/// Gives the memory of other ranks' rows back, which then read as zeros.
void drop_others(const torch::Tensor& table, const OwnedRows& rows);

}  // namespace latent
