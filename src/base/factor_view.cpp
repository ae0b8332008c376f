#include "src/base/factor_view.h"

#include <algorithm>

namespace latent {

namespace {

constexpr int kTile = 32;  // four AVX registers of sums

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("arch=haswell", "default")))
#endif
void tile_scores(const float* tile, const float* user, int factors, float* sums) {
  float acc[kTile];
  for (int n = 0; n < kTile; ++n) acc[n] = sums[n];
  for (int k = 0; k < factors; ++k) {
    const float w = user[k];
    for (int n = 0; n < kTile; ++n) acc[n] += w * tile[k * kTile + n];
  }
  for (int n = 0; n < kTile; ++n) sums[n] = acc[n];
}

}  // namespace

float FactorView::score(int32_t u, int32_t i) const {
  float sum = alpha;
  if (beta_user != nullptr) sum += beta_user[u];
  if (beta_item != nullptr) sum += beta_item[i];
  for (int k = 0; k < factors; ++k) {
    sum += gamma_user[int64_t{u} * factors + k] * gamma_item[int64_t{i} * factors + k];
  }
  return sum;
}

CatalogueScorer::CatalogueScorer(const FactorView& view) : view_(view) {
  const int64_t tiles = (view.items + kTile - 1) / kTile;
  tiles_.assign(tiles * view.factors * kTile, 0.0f);
  for (int32_t i = 0; i < view.items; ++i) {
    for (int k = 0; k < view.factors; ++k) {
      tiles_[(int64_t{i / kTile} * view.factors + k) * kTile + i % kTile] =
          view.gamma_item[int64_t{i} * view.factors + k];
    }
  }
}

void CatalogueScorer::scores(int32_t user, float* out) const {
  const float base = view_.alpha + (view_.beta_user != nullptr ? view_.beta_user[user] : 0.0f);
  const float* const p =
      view_.factors > 0 ? view_.gamma_user + int64_t{user} * view_.factors : nullptr;
  for (int32_t first = 0; first < view_.items; first += kTile) {
    const int width = std::min<int>(kTile, view_.items - first);
    float sums[kTile];
    for (int n = 0; n < kTile; ++n) sums[n] = base;
    for (int n = 0; view_.beta_item != nullptr && n < width; ++n)
      sums[n] += view_.beta_item[first + n];
    if (view_.factors > 0)
      tile_scores(tiles_.data() + int64_t{first} * view_.factors, p, view_.factors, sums);
    std::copy(sums, sums + width, out + first);
  }
}

}  // namespace latent
