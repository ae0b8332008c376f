#include "src/train/user_rows.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "src/train/tensor_data.h"

namespace latent {

using torch::Tensor;

namespace {

Shares shares_by_rows(const Interactions& rows, int64_t users, int ranks) {
  std::vector<int64_t> weights(users, 1);
  for (const int32_t u : rows.user) ++weights[u];
  return weighted_shares(weights, ranks);
}

constexpr int64_t kPage = 4096;

int64_t row_bytes(const Tensor& table) { return table.size(1) * table.element_size(); }

/// The whole pages of `bytes` bytes read as zeros from now on, and take no memory.
void give_back(char* data, int64_t bytes) {
  const auto at = reinterpret_cast<uintptr_t>(data);
  const uintptr_t from = (at + kPage - 1) / kPage * kPage, to = (at + bytes) / kPage * kPage;
  if (from >= to) return;
  ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
  // A row that is brought must not take 2 MB.
  ::madvise(reinterpret_cast<void*>(from), to - from, MADV_NOHUGEPAGE);
}

}  // namespace

UserRows::UserRows(const GradientModelImpl& model, const Interactions& rows, Peers& peers)
    : users_{&peers, shares_by_rows(rows, model.spec().users, peers.size())} {
  const ScoreTables tables = model.tables();
  for (const Tensor& table : {tables.beta_user, tables.gamma_user}) {
    if (table.defined()) tables_.push_back(table);
  }
}

OwnedRows UserRows::samples(const OrderedBatch& batch) const {
  const auto* const ids = data_of<int32_t>(batch.users);
  OwnedRows out{users_.peers, {}};
  for (const int64_t user : users_.shares)
    out.shares.push_back(std::lower_bound(ids, ids + batch.users.numel(), user) - ids);
  return out;
}

void UserRows::bring(const OrderedBatch& batch) {
  const auto* const ids = data_of<int32_t>(batch.users);
  std::vector<int32_t> rows(ids, ids + batch.users.numel());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  Shares shares;
  for (const int64_t user : users_.shares)
    shares.push_back(std::ranges::lower_bound(rows, user) - rows.begin());
  const Piece own = piece_of(shares, users_.peers->rank());
  int64_t width = 0;  // bytes of a user's rows
  for (const Tensor& table : tables_) width += row_bytes(table);
  packed_.resize(rows.size() * width);
  int64_t at = 0;  // of the table's bytes
  for (const Tensor& table : tables_) {
    const int64_t bytes = row_bytes(table);
    const auto* const values = static_cast<const char*>(table.const_data_ptr());
    for (int64_t n = own.begin; n < own.end; ++n)
      std::copy_n(values + rows[n] * bytes, bytes, packed_.data() + n * width + at);
    at += bytes;
  }
  const SharedArray array{packed_.data(), width, pieces_of(shares)};
  users_.peers->gather({&array, 1});
  if (taken_ < kAll) taken_ += (std::ssize(rows) - own.size()) * std::max(kPage, width);
  at = 0;
  for (const Tensor& table : tables_) {
    const int64_t bytes = row_bytes(table);
    auto* const values = static_cast<char*>(table.data_ptr());
    for (int64_t n = 0; n < std::ssize(rows); ++n) {
      if (n < own.begin || n >= own.end)
        std::copy_n(packed_.data() + n * width + at, bytes, values + rows[n] * bytes);
    }
    at += bytes;
  }
}

void UserRows::tidy(const std::vector<Tensor>& more) {
  const Piece own = users_.own();
  int64_t bytes = 0;
  for (const Tensor& table : tables_) bytes += own.size() * row_bytes(table);
  if (taken_ < std::max(kMuch, bytes / 4)) return;
  taken_ = 0;
  for (const std::vector<Tensor>* tables : {&std::as_const(tables_), &more}) {
    for (const Tensor& table : *tables) {
      const int64_t row = row_bytes(table);
      auto* const data = static_cast<char*>(table.data_ptr());
      give_back(data, own.begin * row);
      give_back(data + own.end * row, (table.size(0) - own.end) * row);
    }
  }
}

void UserRows::collect(const Tensor& table) {
  has_strangers();
  users_.peers->collect({table.data_ptr(), row_bytes(table), pieces_of(users_.shares)});
}

void UserRows::collect() {
  for (const Tensor& table : tables_) collect(table);
}

Tensor untouched_zeros(const Tensor& table) {
  void* const memory = std::calloc(table.numel(), sizeof(float));
  if (memory == nullptr) throw std::bad_alloc();
  return torch::from_blob(memory, table.sizes(), [](void* data) { std::free(data); },
                          torch::kFloat);
}

}  // namespace latent
