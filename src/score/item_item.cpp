#include "src/score/item_item.h"

namespace latent {

float ItemItemView::add_to(float sum, int32_t user, int32_t i) const {
  if (i < 0 || i >= items) return sum;
  for (const int32_t j : history_of(user)) {
    if (dense != nullptr) {
      sum += dense[int64_t{j} * items + i];
      continue;
    }
    const auto row = item.subspan(start[j], static_cast<size_t>(start[j + 1] - start[j]));
    const auto at = std::lower_bound(row.begin(), row.end(), i);
    if (at != row.end() && *at == i) sum += weight[start[j] + (at - row.begin())];
  }
  return sum;
}

ItemItemStrips::ItemItemStrips(const ItemItemView& view, std::span<const int32_t> users)
    : view_(view) {
  for (const int32_t u : users) histories_.push_back(view.history_of(u));
  if (view.dense != nullptr) return;
  for (const auto& history : histories_) {
    at_.emplace_back();
    for (const int32_t j : history) at_.back().push_back(view.start[j]);
  }
}

void ItemItemStrips::add(int32_t first, int32_t count, float* scores, int64_t stride) {
  count = std::min(count, view_.items - first);
  if (count <= 0) return;
  if (view_.dense != nullptr) {
    add_dense(first, count, scores, stride);
  } else {
    add_sparse(first + count, first, scores, stride);
  }
}

void ItemItemStrips::add_dense(int32_t first, int32_t count, float* scores, int64_t stride) const {
  for (size_t n = 0; n < histories_.size(); ++n) {
    float* const out = scores + static_cast<int64_t>(n) * stride;
    for (const int32_t j : histories_[n]) {
      const float* const row = view_.dense + int64_t{j} * view_.items + first;
      for (int32_t i = 0; i < count; ++i) out[i] += row[i];
    }
  }
}

void ItemItemStrips::add_sparse(int32_t end, int32_t first, float* scores, int64_t stride) {
  for (size_t n = 0; n < histories_.size(); ++n) {
    float* const out = scores + static_cast<int64_t>(n) * stride;
    for (size_t h = 0; h < histories_[n].size(); ++h) {
      const int64_t row_end = view_.start[histories_[n][h] + 1];
      int64_t& at = at_[n][h];
      for (; at < row_end && view_.item[at] < end; ++at)
        out[view_.item[at] - first] += view_.weight[at];
    }
  }
}

}  // namespace latent
