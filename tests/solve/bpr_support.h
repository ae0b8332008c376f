// Random pairs and weights for the tests of BPR.
#pragma once

#include <vector>

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

/// Tables of random rows, as the kernels take them.
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

/// What BprSgd loads and stores: all 0 at first.
struct BprWeights {
  BprWeights(int32_t users, int32_t items, int32_t factors)
      : factors(factors),
        users(int64_t{users} * factors),
        items(int64_t{items} * factors),
        biases(items) {}
  explicit BprWeights(const BprSgd& sgd, const BprWeights& like) : BprWeights(like) {
    sgd.store(users.data(), items.data(), biases.data());
  }
  void load_into(BprSgd& sgd) const { sgd.load(users.data(), items.data(), biases.data()); }
  bool operator==(const BprWeights&) const = default;

  int32_t factors;
  std::vector<float> users, items, biases;  // [U, factors], [I, factors], [I]
};

/// As implicit begins: uniform within half a factor's share of 0 where there are pairs, else 0.
inline BprWeights drawn_weights(const UserItems& pairs, int32_t items, int32_t factors,
                                uint64_t seed = 1) {
  BprWeights out(pairs.users(), items, factors);
  RandomStream s = Rng(seed).stream("weights");
  std::vector<bool> seen(items);
  for (const int32_t i : pairs.item) seen[i] = true;
  const auto draw = [&] { return static_cast<float>((s.uniform() - 0.5) / factors); };
  for (int32_t u = 0; u < pairs.users(); ++u) {
    for (int k = 0; k < factors; ++k)
      out.users[u * factors + k] = pairs.of(u).empty() ? 0 : draw();
  }
  for (int32_t i = 0; i < items; ++i) {
    for (int k = 0; k < factors; ++k) out.items[i * factors + k] = seen[i] ? draw() : 0;
    out.biases[i] = seen[i] ? draw() : 0;
  }
  return out;
}

}  // namespace latent
