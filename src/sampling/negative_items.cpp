#include "src/sampling/negative_items.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/sampling/sampler.h"

namespace latent {

NegativeItems::NegativeItems(const Interactions& rows, int32_t items, NegativeSampling sampling,
                             double power)
    : items_(items) {
  if (sampling == NegativeSampling::kUniform) return;
  if (sampling == NegativeSampling::kInBatch) power = 1;
  probability_.assign(items, 0.0);
  for (const int32_t i : rows.item) ++probability_[i];
  double sum = 0;
  for (double& q : probability_) sum += q = q == 0 ? 0 : std::pow(q, power);
  log_weight_.resize(items);
  for (int32_t i = 0; i < items; ++i) {
    double& q = probability_[i];
    q /= sum;
    log_weight_[i] = q == 0 ? 0 : static_cast<float>(-std::log(q * items));
  }
  if (sampling == NegativeSampling::kPopularity) make_alias();
}

void NegativeItems::make_alias() {
  keep_.resize(items_);
  alias_.resize(items_);
  std::iota(alias_.begin(), alias_.end(), 0);
  std::vector<int32_t> small, large;
  for (int32_t i = 0; i < items_; ++i) {
    keep_[i] = probability_[i] * items_;
    (keep_[i] < 1 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const int32_t s = small.back(), l = large.back();
    small.pop_back();
    alias_[s] = l;
    keep_[l] -= 1 - keep_[s];
    if (keep_[l] >= 1) continue;
    large.pop_back();
    small.push_back(l);
  }
  // What rounding has left over is full, or never drawn.
  const auto most = static_cast<int32_t>(std::ranges::max_element(probability_) -
                                         probability_.begin());
  for (const auto* rest : {&small, &large}) {
    for (const int32_t i : *rest) {
      keep_[i] = probability_[i] > 0 ? 1 : 0;
      if (probability_[i] == 0) alias_[i] = most;
    }
  }
}

std::vector<int64_t> excluded_pairs(const SampleBatch& batch, const UserItems& known,
                                    int32_t items) {
  // Columns of an item, the last one first: where it stands, and where it stood before.
  const auto size = static_cast<int32_t>(batch.negatives.size());
  std::vector<int32_t> last(items, -1), before(size);
  for (int32_t n = 0; n < size; ++n) {
    before[n] = last[batch.negatives[n]];
    last[batch.negatives[n]] = n;
  }
  std::vector<int64_t> out;
  for (int64_t b = 0; b < batch.size(); ++b) {
    const size_t first = out.size();
    const int32_t user = batch.users[b], positive = batch.items[b];
    const auto add = [&](int32_t item) {
      for (int32_t n = last[item]; n >= 0; n = before[n]) out.push_back(b * size + n);
    };
    bool with_positive = false;
    for (const int32_t i : known.of(user)) {
      add(i);
      with_positive = with_positive || i == positive;
    }
    if (!with_positive) add(positive);
    std::sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end());
  }
  return out;
}

}  // namespace latent
