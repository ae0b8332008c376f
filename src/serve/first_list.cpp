// The first list of a large model: one pass over its items as they lie in the file.
#include <algorithm>

#include "src/base/parallel.h"
#include "src/score/strip_top_k.h"
#include "src/serve/served_model_impl.h"

namespace latent {

namespace {

/// The view of `count` items from `first` on.
FactorView part_of(const FactorView& view, int32_t first, int32_t count) {
  FactorView part = view;
  part.items = count;
  if (view.gamma_item != nullptr) part.gamma_item += int64_t{first} * view.factors;
  if (view.beta_item != nullptr) part.beta_item += first;
  return part;
}

}  // namespace

std::vector<Scored> ServedModel::Impl::list(const ServedModel& model, const UserVector& user,
                                            int64_t k, std::span<const int32_t> left_out,
                                            std::span<const char> allowed) const {
  constexpr int64_t kLarge = 1 << 20;  // values; a smaller model's ranker is made in no time
  if (int64_t{view.items} * view.factors < kLarge || read_once.exchange(true))
    return model.ranker().rank_vector(user, k, left_out, allowed);
  // As many items as lie in a block that has a checksum.
  const int64_t size = std::max<int64_t>(kChecksumBlock / sizeof(float) / view.factors, 1);
  const int kept = static_cast<int>(std::min<int64_t>(k, view.items));
  std::vector<std::vector<Scored>> best(static_cast<size_t>(ceil_div(view.items, size)));
  parallel_chunks(std::ssize(best), /*threads=*/0, [&](int64_t chunk) {
    const auto first = static_cast<int32_t>(chunk * size);
    const auto count = static_cast<int32_t>(std::min<int64_t>(size, view.items - first));
    need("beta_item", first, count);
    need("gamma_item", int64_t{first} * view.factors, int64_t{count} * view.factors);
    TopK top(kept);
    CatalogueScorer(part_of(view, first, count)).for_each_strip(
        std::span(&user, 1), [&](const ScoreStrip& strip) {
          push_row(top, first + strip.first, strip.of(0), [&](int32_t i) {
            return (allowed.empty() || allowed[i] != 0) &&
                   !std::ranges::binary_search(left_out, i);
          });
        });
    best[chunk] = top.take();
  });
  TopK all(kept);
  for (const std::vector<Scored>& part : best) {
    for (const Scored& s : part) all.push(s.index, s.score);
  }
  return all.take();
}

float ServedModel::Impl::score(const UserVector& user, int32_t item) const {
  need_item(item);
  return CatalogueScorer(part_of(view, item, 1)).score(user, 0);
}

}  // namespace latent
