// Random pairs and tables for the tests of BPR.
#pragma once

#include "src/base/rng.h"
#include "src/solve/bpr_sgd.h"

namespace latent {

/// implicit's own.
constexpr BprRates kRates = {.lr = 0.01, .reg = 0.01, .verify_negatives = true};

/// About `n` pairs where low ids are popular; the last user and the last item have none.
inline UserItems random_pairs(int32_t users, int32_t items, int n, uint64_t seed = 1) {
  RandomStream s = Rng(seed).stream("pairs");
  std::vector<int32_t> u, i;
  for (int k = 0; k < n; ++k) {
    u.push_back(static_cast<int32_t>(s.uniform() * s.uniform() * (users - 1)));
    i.push_back(static_cast<int32_t>(s.uniform() * s.uniform() * (items - 1)));
  }
  return UserItems(u, i, users);
}

inline BprTables random_tables(int32_t users, int32_t items, int32_t factors, uint64_t seed) {
  BprTables t(users, items, factors);
  RandomStream s = Rng(seed).stream("tables");
  for (auto* table : {&t.users, &t.items}) {
    for (size_t row = 0; row < table->size(); row += t.stride) {
      for (int k = 0; k <= factors; ++k) (*table)[row + k] = static_cast<float>(s.normal());
    }
  }
  for (size_t row = 0; row < t.users.size(); row += t.stride) t.users[row + factors] = 1;
  return t;
}

}  // namespace latent
