#include "src/train/shared_rows.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace latent {

using torch::Tensor;

namespace {

constexpr int64_t kPage = 4096;

/// The whole pages of `bytes` bytes read as zeros from now on, and take no memory.
void give_back(char* data, int64_t bytes) {
  const auto at = reinterpret_cast<uintptr_t>(data);
  const uintptr_t from = (at + kPage - 1) / kPage * kPage, to = (at + bytes) / kPage * kPage;
  if (from >= to) return;
  ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
  // A row that is brought must not take 2 MB.
  ::madvise(reinterpret_cast<void*>(from), to - from, MADV_NOHUGEPAGE);
}

int64_t row_bytes(const Tensor& table) {
  return table.numel() / table.size(0) * table.element_size();
}

SharedArray array_of(const Tensor& table, const OwnedRows& rows) {
  return {table.data_ptr(), row_bytes(table), pieces_of(rows.shares)};
}

}  // namespace

SharedRows::SharedRows(const std::vector<Tensor>& tables, OwnedRows rows)
    : rows_(std::move(rows)) {
  for (const Tensor& table : tables) {
    if (!table.defined()) continue;
    tables_.push_back(table);
    width_ += row_bytes(table);
  }
}

bool SharedRows::has(const Tensor& table) const {
  return std::ranges::any_of(tables_, [&](const Tensor& own) { return own.is_same(table); });
}

SharedArray SharedRows::pack(std::vector<int32_t> ids) {
  ids_ = std::move(ids);
  of_ids_.clear();
  for (const int64_t row : rows_.shares)
    of_ids_.push_back(std::ranges::partition_point(ids_, [&](int64_t id) { return id < row; }) -
                      ids_.begin());
  const Piece own = piece_of(of_ids_, rows_.peers->rank());
  packed_.resize(ids_.size() * width_);
  int64_t at = 0;  // of the table's bytes
  for (const Tensor& table : tables_) {
    const int64_t bytes = row_bytes(table);
    const auto* const values = static_cast<const char*>(table.const_data_ptr());
    for (int64_t n = own.begin; n < own.end; ++n)
      std::copy_n(values + ids_[n] * bytes, bytes, packed_.data() + n * width_ + at);
    at += bytes;
  }
  took(std::ssize(ids_) - own.size());
  return {packed_.data(), width_, pieces_of(of_ids_)};
}

void SharedRows::unpack() {
  const Piece own = piece_of(of_ids_, rows_.peers->rank());
  int64_t at = 0;
  for (const Tensor& table : tables_) {
    const int64_t bytes = row_bytes(table);
    auto* const values = static_cast<char*>(table.data_ptr());
    for (int64_t n = 0; n < std::ssize(ids_); ++n) {
      if (n < own.begin || n >= own.end)
        std::copy_n(packed_.data() + n * width_ + at, bytes, values + ids_[n] * bytes);
    }
    at += bytes;
  }
}

void SharedRows::write(const std::vector<int32_t>& ids, std::vector<char>& to) const {
  for (const Tensor& table : tables_) {
    const int64_t bytes = row_bytes(table);
    const auto* const values = static_cast<const char*>(table.const_data_ptr());
    for (const int64_t id : ids)
      to.insert(to.end(), values + id * bytes, values + (id + 1) * bytes);
  }
}

const char* SharedRows::read(const std::vector<int32_t>& ids, const char* from) {
  for (const Tensor& table : tables_) {
    const int64_t bytes = row_bytes(table);
    auto* const values = static_cast<char*>(table.data_ptr());
    for (const int64_t id : ids) {
      std::copy_n(from, bytes, values + id * bytes);
      from += bytes;
    }
  }
  took(std::ssize(ids));
  return from;
}

int SharedRows::owner_of(int32_t row) const {
  return static_cast<int>(std::ranges::upper_bound(rows_.shares, row) - rows_.shares.begin()) - 1;
}

void SharedRows::took(int64_t rows) {
  if (taken_ < kAll) taken_ += rows * std::max(kPage, width_);
}

void SharedRows::tidy(const std::vector<Tensor>& more) {
  if (taken_ < std::max(kMuch, rows_.own().size() * width_ / 4)) return;
  taken_ = 0;
  for (const std::vector<Tensor>* tables : {&std::as_const(tables_), &more}) {
    for (const Tensor& table : *tables) drop_others(table, rows_);
  }
}

void SharedRows::collect_also(const std::vector<Tensor>& tables) {
  has_strangers();
  for (const Tensor& table : tables) rows_.peers->collect(array_of(table, rows_));
}

void SharedRows::gather() {
  has_strangers();
  for (const Tensor& table : tables_) {
    const SharedArray array = array_of(table, rows_);
    rows_.peers->gather({&array, 1});
  }
}

Tensor untouched_zeros(const Tensor& table, torch::ScalarType type) {
  void* const memory = std::calloc(table.numel(), torch::elementSize(type));
  if (memory == nullptr) throw std::bad_alloc();
  return torch::from_blob(memory, table.sizes(), [](void* data) { std::free(data); }, type);
}

Tensor copy_of_own(const Tensor& table, const OwnedRows& rows) {
  const torch::NoGradGuard no_grad;
  if (!rows.shared()) return table.detach().clone();
  Tensor out = untouched_zeros(table, table.scalar_type());
  const auto [begin, end] = rows.own();
  out.narrow(0, begin, end - begin).copy_(table.narrow(0, begin, end - begin));
  return out;
}

void drop_others(const Tensor& table, const OwnedRows& rows) {
  if (!rows.shared()) return;
  const auto [begin, end] = rows.own();
  const int64_t row = row_bytes(table);
  auto* const data = static_cast<char*>(table.data_ptr());
  give_back(data, begin * row);
  give_back(data + end * row, (table.size(0) - end) * row);
}

}  // namespace latent
