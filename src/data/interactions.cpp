#include "src/data/interactions.h"

#include <algorithm>
#include <utility>

#include "src/base/huge_pages.h"

namespace latent {

namespace {

template <typename T>
void truncate_column(Column<T>& column, int64_t size) {
  if (column.empty()) return;
  column.resize(size);
  give_back_room(column);
}

template <typename T>
Column<T> cut_column(Column<T>& column, int64_t begin) {
  const ColumnMemory<T> place(column.get_allocator().folder());
  Column<T> tail(place);
  if (column.empty()) return tail;
  tail.assign(column.begin() + begin, column.end());
  truncate_column(column, begin);
  return tail;
}

template <typename T>
void move_column(Column<T>& column, const ColumnFolder& folder) {
  Column<T> moved(column.begin(), column.end(), ColumnMemory<T>(folder));
  column = std::move(moved);
}

}  // namespace

Interactions::Interactions(const ColumnFolder& folder)
    : user(ColumnMemory<int32_t>(folder)),
      item(ColumnMemory<int32_t>(folder)),
      rating(ColumnMemory<float>(folder)),
      time(ColumnMemory<double>(folder)) {}

void Interactions::move_to(const ColumnFolder& folder) {
  move_column(user, folder);
  move_column(item, folder);
  move_column(rating, folder);
  move_column(time, folder);
}

void Interactions::prepare_to_change() {
  if (user.get_allocator().is_lent()) move_to(folder());
}

void Interactions::reserve(size_t n) {
  user.reserve(n);
  item.reserve(n);
  rating.reserve(n);
  if (on_disk()) return;
  advise_huge_pages(user.data(), n * sizeof user[0]);
  advise_huge_pages(item.data(), n * sizeof item[0]);
  advise_huge_pages(rating.data(), n * sizeof rating[0]);
}

void Interactions::push_from(const Interactions& from, int64_t row) {
  push(from.user[row], from.item[row], from.rating[row]);
  if (from.has_time()) time.push_back(from.time[row]);
}

void Interactions::append(const Interactions& from) {
  user.insert(user.end(), from.user.begin(), from.user.end());
  item.insert(item.end(), from.item.begin(), from.item.end());
  rating.insert(rating.end(), from.rating.begin(), from.rating.end());
  time.insert(time.end(), from.time.begin(), from.time.end());
}

void Interactions::move(int64_t from, int64_t to) {
  user[to] = user[from];
  item[to] = item[from];
  rating[to] = rating[from];
  if (has_time()) time[to] = time[from];
}

Interactions Interactions::cut(int64_t begin) {
  Interactions tail;
  tail.user = cut_column(user, begin);
  tail.item = cut_column(item, begin);
  tail.rating = cut_column(rating, begin);
  tail.time = cut_column(time, begin);
  return tail;
}

void Interactions::truncate(int64_t size) {
  truncate_column(user, size);
  truncate_column(item, size);
  truncate_column(rating, size);
  truncate_column(time, size);
}

void shuffle(Interactions& rows, RandomStream stream) {
  // Partners are drawn some rows ahead, so that they are on their way when they are swapped.
  constexpr int64_t kAhead = 32;
  const bool has_time = rows.has_time();
  uint32_t partner[kAhead];
  for (int64_t left = rows.size(); left > 1;) {
    const int64_t some = std::min(kAhead, left - 1);
    for (int64_t n = 0; n < some; ++n) {
      const uint32_t at = partner[n] = stream.below(static_cast<uint32_t>(left - n));
      __builtin_prefetch(&rows.user[at], 1);
      __builtin_prefetch(&rows.item[at], 1);
      __builtin_prefetch(&rows.rating[at], 1);
      if (has_time) __builtin_prefetch(&rows.time[at], 1);
    }
    for (int64_t n = 0; n < some; ++n, --left) {
      const int64_t a = left - 1, b = partner[n];
      std::swap(rows.user[a], rows.user[b]);
      std::swap(rows.item[a], rows.item[b]);
      std::swap(rows.rating[a], rows.rating[b]);
      if (has_time) std::swap(rows.time[a], rows.time[b]);
    }
  }
}

double mean_rating(const Interactions& rows) {
  double sum = 0;
  for (const float r : rows.rating) sum += r;
  return rows.size() == 0 ? 0 : sum / static_cast<double>(rows.size());
}

std::vector<float> item_offsets(const Interactions& rows, double mean, int32_t items,
                                double damping) {
  std::vector<double> sum(items);
  std::vector<int64_t> count(items);
  for (int64_t n = 0; n < rows.size(); ++n) {
    sum[rows.item[n]] += rows.rating[n] - mean;
    ++count[rows.item[n]];
  }
  std::vector<float> out(items);
  for (int32_t i = 0; i < items; ++i) {
    if (count[i] > 0)
      out[i] = static_cast<float>(sum[i] / (static_cast<double>(count[i]) + damping));
  }
  return out;
}

UserItems user_items(const Interactions& rows, int32_t users) {
  return UserItems(rows.user, rows.item, users);
}

}  // namespace latent
