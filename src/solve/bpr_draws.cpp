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

BprDraws::BprDraws(UserItems pairs, const StripedRows& users, const StripedRows& items,
                   bool verify_negatives, uint64_t seed)
    : users_(users),
      items_(items),
      known_(std::move(pairs)),
      pairs_(known_.item.size()),
      verify_(verify_negatives),
      rng_(seed) {
  if (pairs_.empty()) throw Error("BPR: no interactions to train on");
  if (pairs_.size() > std::numeric_limits<uint32_t>::max()) {
    throw Error("BPR: more than 4294967295 distinct interactions; train on fewer");
  }
  int64_t first = 0;
  for (int32_t u = 0; u < known_.users(); ++u) {
    const int64_t end = known_.start[u + 1];
    for (int64_t n = known_.start[u]; n < end; ++n) pairs_[n] = {u, items.row_of(known_.item[n])};
    if (end - first < kPartPairs && (u + 1 < known_.users() || end == first)) continue;
    const auto filter = verify_ ? filter_.add_part(end - first) : PairFilter::Part{};
    parts_.push_back({static_cast<uint32_t>(first), static_cast<uint32_t>(end - first), filter});
    for (int64_t n = first; verify_ && n < end; ++n)
      filter_.add(filter, pairs_[n].user, known_.item[n]);
    first = end;
  }
}

std::vector<int32_t> BprDraws::order(int64_t epoch) const {
  std::vector<int32_t> out(parts_.size());
  std::iota(out.begin(), out.end(), 0);
  shuffle(out, rng_.stream("bpr parts", epoch));
  return out;
}

}  // namespace latent
