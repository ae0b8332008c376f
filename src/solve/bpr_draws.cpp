#include "src/solve/bpr_draws.h"

#include <limits>
#include <numeric>
#include <utility>

#include "src/base/error.h"

namespace latent {

namespace {

// At least. A part's pairs and filter fit a first-level cache, its users' rows a second-level one.
constexpr int64_t kPartPairs = 2048;

}  // namespace

BprDraws::BprDraws(UserItems pairs, bool verify_negatives, uint64_t seed)
    : start_(std::move(pairs.start)),
      pairs_(pairs.item.size()),
      item_(std::move(pairs.item)),
      verify_(verify_negatives),
      rng_(seed) {
  if (item_.empty()) throw Error("BPR: no interactions to train on");
  if (item_.size() > std::numeric_limits<uint32_t>::max()) {
    throw Error("BPR: more than 4294967295 distinct interactions; train on fewer");
  }
  const auto users = static_cast<int32_t>(start_.size()) - 1;
  int64_t first = 0;
  for (int32_t u = 0; u < users; ++u) {
    for (int64_t n = start_[u]; n < start_[u + 1]; ++n) pairs_[n] = {u, item_[n]};
    const int64_t end = start_[u + 1];
    if (end - first < kPartPairs && (u + 1 < users || end == first)) continue;
    const auto filter = verify_ ? filter_.add_part(end - first) : PairFilter::Part{};
    parts_.push_back({static_cast<uint32_t>(first), static_cast<uint32_t>(end - first), filter});
    for (int64_t n = first; verify_ && n < end; ++n)
      filter_.add(filter, pairs_[n].user, pairs_[n].item);
    first = end;
  }
}

std::vector<int64_t> BprDraws::user_counts() const {
  std::vector<int64_t> out(start_.size() - 1);
  for (size_t u = 0; u < out.size(); ++u) out[u] = start_[u + 1] - start_[u];
  return out;
}

std::vector<int64_t> BprDraws::item_counts(int32_t items) const {
  std::vector<int64_t> out(items);
  for (const int32_t i : item_) ++out[i];
  return out;
}

std::vector<int32_t> BprDraws::order(int64_t epoch) const {
  std::vector<int32_t> out(parts_.size());
  std::iota(out.begin(), out.end(), 0);
  shuffle(out, rng_.stream("bpr parts", epoch));
  return out;
}

}  // namespace latent
