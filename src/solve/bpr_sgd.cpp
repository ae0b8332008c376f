#include "src/solve/bpr_sgd.h"

#include <algorithm>
#include <locale>
#include <sstream>

#include "src/base/error.h"
#include "src/base/rng.h"
#include "src/solve/bpr_kernels.h"

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

BprSgd::BprSgd(UserItems pairs, int32_t items, const BprRates& rates, uint64_t seed)
    : items_(items),
      rates_(rates),
      seed_(seed),
      draws_(std::move(pairs), rates.verify_negatives, seed) {}

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
  const auto n = static_cast<uint32_t>(draws_.pairs());
  const BprRows rows(t, rates_);
  BprCounts counts;
  counts.samples = n;
  for (uint32_t draw = 0; draw < n; ++draw) {
    const uint32_t pair = below(generator, n), other = below(generator, n);
    const BprSample sample = draws_.sample(pair, other);
    if (rates_.verify_negatives && draws_.known(sample.user, sample.negative)) {
      ++counts.skipped;
      continue;
    }
    counts.correct += bpr_step(rows, sample);
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
