#include "src/run/predictions.h"

#include <algorithm>

namespace latent {

namespace {

/// The rank that each row's user is of.
std::vector<int32_t> ranks_of(const Interactions& rows, const Shares& users) {
  std::vector<int32_t> out;
  out.reserve(rows.size());
  for (const int64_t user : rows.user)
    out.push_back(static_cast<int32_t>(std::ranges::upper_bound(users, user) - users.begin()) - 1);
  return out;
}

}  // namespace

Predictions::Predictions(const FactorView& model, const Interactions& rows,
                         const OwnedRows& users)
    : model_(model), rows_(rows), shared_(users.shared()) {
  if (!shared_) return;
  Peers& peers = *users.peers;
  const std::vector<int32_t> ranks = ranks_of(rows, users.shares);
  Shares begin(peers.size() + 1);  // of each rank's, one after another
  for (const int32_t rank : ranks) ++begin[rank + 1];
  for (int r = 0; r < peers.size(); ++r) begin[r + 1] += begin[r];
  std::vector<float> packed(rows.size());
  peers.together([&] {
    int64_t at = begin[peers.rank()];
    for (int64_t n = 0; n < rows.size(); ++n) {
      if (ranks[n] == peers.rank()) packed[at++] = model.predict(rows.user[n], rows.item[n]);
    }
  });
  peers.collect({packed.data(), sizeof(float), pieces_of(begin)});
  values_.resize(rows.size());
  for (int64_t n = 0; n < rows.size(); ++n) values_[n] = packed[begin[ranks[n]]++];
}

}  // namespace latent
