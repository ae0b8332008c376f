#include "src/score/factor_view.h"

#include <algorithm>
#include <optional>

namespace latent {

namespace {

constexpr int32_t kStrip = ScoreStrip::kStripItems;
static_assert(kStrip % (kTileItems * kTilesAtOnce) == 0);

}  // namespace

CatalogueScorer::CatalogueScorer(const FactorView& view) : view_(view) {
  // Whole groups of tiles; what lies beyond the catalogue is scored and never shown.
  const int32_t group = kTileItems * kTilesAtOnce;
  const int64_t tiles = (int64_t{view.items} + group - 1) / group * kTilesAtOnce;
  tiles_.resize(tiles * view.factors);
  for (int64_t t = 0; t < tiles; ++t) {
    const auto width =
        static_cast<int>(std::clamp<int64_t>(view.items - t * kTileItems, 0, kTileItems));
    const float* const rows =
        view.gamma_item + (view.factors > 0 ? t * kTileItems : 0) * view.factors;
    for (int k = 0; k < view.factors; ++k) {
      float* const line = tiles_[t * view.factors + k].item;
      for (int n = 0; n < width; ++n) line[n] = rows[int64_t{n} * view.factors + k];
    }
  }
  if (view.beta_item == nullptr) return;
  beta_.resize(tiles);
  for (int32_t i = 0; i < view.items; ++i)
    beta_[i / kTileItems].item[i % kTileItems] = view.beta_item[i];
}

float CatalogueScorer::score(int32_t user, int32_t item) const {
  const int64_t tile = item / kTileItems;
  const float sum = score_in_tile(
      {tiles_.data() + tile * view_.factors, beta_.empty() ? nullptr : &beta_[tile]},
      view_.factors_of_user(user), view_.base(user), view_.factors, item % kTileItems);
  return view_.similar.empty() ? sum : view_.similar.add_to(sum, user, item);
}

void CatalogueScorer::for_each_strip(std::span<const int32_t> users,
                                     const std::function<void(const ScoreStrip&)>& visit) const {
  // Groups of users, each packed [K, group] as the kernel reads it.
  const auto count = static_cast<int>(users.size());
  const int at_once = users_at_once(), factors = view_.factors;
  std::vector<float> packed(users.size() * factors), bases;
  for (const int32_t u : users) bases.push_back(view_.base(u));
  for (int from = 0; from < count; from += at_once) {
    const int rows = std::min(at_once, count - from);
    float* const group = packed.data() + int64_t{from} * factors;
    for (int r = 0; r < rows; ++r) {
      const float* const p = view_.factors_of_user(users[from + r]);
      for (int k = 0; k < factors; ++k) group[k * rows + r] = p[k];
    }
  }
  std::vector<float> buffer(users.size() * kStrip);
  std::optional<ItemItemStrips> similar;
  if (!view_.similar.empty()) similar.emplace(view_.similar, users);
  for (int32_t first = 0; first < view_.items; first += kStrip) {
    const int32_t items = std::min(kStrip, view_.items - first);
    // The tile stays in the nearest cache while the users pass.
    for (int32_t at = 0; at < items; at += kTileItems) {
      const int64_t t = (first + at) / kTileItems;
      const TileLine* const beta = beta_.empty() ? nullptr : &beta_[t];
      for (int from = 0; from < count; from += at_once) {
        const int rows = std::min(at_once, count - from);
        // A single user takes several tiles at once.
        if (rows == 1 && t % kTilesAtOnce != 0) continue;
        score_tile({tiles_.data() + t * factors, beta},
                   {packed.data() + int64_t{from} * factors, bases.data() + from, rows}, factors,
                   buffer.data() + int64_t{from} * kStrip + at, kStrip);
      }
    }
    if (similar) similar->add(first, items, buffer.data(), kStrip);
    visit({first, items, buffer.data()});
  }
}

}  // namespace latent
