#include "src/solve/bpr_sgd.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <locale>
#include <sstream>

#include "src/base/error.h"
#include "src/base/rng.h"

namespace latent {

BprTables::BprTables(int32_t users, int32_t items, int32_t factors)
    : factors(factors),
      stride((factors + 1 + 7) / 8 * 8),
      users(int64_t{users} * stride),
      items(int64_t{items} * stride) {}

void draw_bpr_factors(BprTables& t, const UserItems& pairs, uint64_t seed) {
  const Rng rng(seed);
  const auto draw = [&](float* row, int columns, RandomStream stream) {
    for (int k = 0; k < columns; ++k)
      row[k] = static_cast<float>((stream.uniform() - 0.5) / t.factors);
  };
  std::fill(t.users.begin(), t.users.end(), 0.0f);
  std::fill(t.items.begin(), t.items.end(), 0.0f);
  for (int32_t u = 0; u < pairs.users(); ++u) {
    float* const row = t.users.data() + int64_t{u} * t.stride;
    if (!pairs.of(u).empty()) draw(row, t.factors, rng.stream("bpr user", u));
    row[t.factors] = 1;
  }
  std::vector<bool> seen(t.items.size() / t.stride);
  for (const int32_t i : pairs.item) {
    if (!seen[i]) {
      draw(t.items.data() + int64_t{i} * t.stride, t.factors + 1, rng.stream("bpr item", i));
    }
    seen[i] = true;
  }
}

BprSgd::BprSgd(const UserItems& pairs, int32_t items, const BprRates& rates, uint64_t seed)
    : items_count_(items),
      rates_(rates),
      seed_(seed),
      start_(pairs.start),
      user_(pairs.item.size()),
      item_(pairs.item) {
  if (item_.empty()) throw Error("BPR: no interactions to train on");
  if (item_.size() > std::numeric_limits<uint32_t>::max()) {
    throw Error("BPR: more than 4294967295 distinct interactions; use fewer");
  }
  for (int32_t u = 0; u < pairs.users(); ++u) {
    std::fill(user_.begin() + start_[u], user_.begin() + start_[u + 1], u);
  }
}

bool BprSgd::known(int32_t u, int32_t i) const {
  return std::binary_search(item_.begin() + start_[u], item_.begin() + start_[u + 1], i);
}

namespace {

/// Uniform in [0, n) as std::uniform_int_distribution of libstdc++ (GCC 11 and later) draws it;
/// spelled out, since other libraries draw otherwise.
uint32_t below(std::mt19937& generator, uint32_t n) {
  uint64_t product = uint64_t{static_cast<uint32_t>(generator())} * n;
  if (static_cast<uint32_t>(product) < n) {
    const uint32_t threshold = (0u - n) % n;
    while (static_cast<uint32_t>(product) < threshold) {
      product = uint64_t{static_cast<uint32_t>(generator())} * n;
    }
  }
  return static_cast<uint32_t>(product >> 32);
}

}  // namespace

BprCounts BprSgd::epoch_exact(BprTables& t, std::mt19937& generator) const {
  const auto n = static_cast<uint32_t>(item_.size());
  const auto lr = static_cast<float>(rates_.lr), reg = static_cast<float>(rates_.reg);
  const int32_t bias = t.factors;
  BprCounts counts;
  counts.samples = n;
  for (uint32_t sample = 0; sample < n; ++sample) {
    const uint32_t pair = below(generator, n), other = below(generator, n);
    if (rates_.verify_negatives && known(user_[pair], item_[other])) {
      ++counts.skipped;
      continue;
    }
    float* const u = t.users.data() + int64_t{user_[pair]} * t.stride;
    float* const i = t.items.data() + int64_t{item_[pair]} * t.stride;
    float* const j = t.items.data() + int64_t{item_[other]} * t.stride;
    float score = 0;
    for (int32_t k = 0; k <= bias; ++k) score += u[k] * (i[k] - j[k]);
    const auto z = static_cast<float>(1.0 / (1.0 + std::exp(score)));
    if (z < 0.5f) ++counts.correct;
    // i and j may be one row (negatives not verified): then j's step starts from i's.
    for (int32_t k = 0; k < bias; ++k) {
      const float old = u[k];
      u[k] += lr * (z * (i[k] - j[k]) - reg * old);
      i[k] += lr * (z * old - reg * i[k]);
      j[k] += lr * (-z * old - reg * j[k]);
    }
    i[bias] += lr * (z - reg * i[bias]);
    j[bias] += lr * (-z - reg * j[bias]);
  }
  return counts;
}

std::string generator_text(const std::mt19937& generator) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out << generator;
  return out.str();
}

std::mt19937 generator_from_text(const std::string& text) {
  std::mt19937 generator;
  std::istringstream in(text);
  in.imbue(std::locale::classic());
  in >> generator;
  if (!in) throw Error("BPR: this is no state of a Mersenne Twister; start the run afresh");
  return generator;
}

}  // namespace latent
