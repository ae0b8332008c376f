#include "src/solve/bpr_sgd.h"

#include <algorithm>
#include <iterator>
#include <locale>
#include <sstream>
#include <utility>

#include "src/base/error.h"
#include "src/base/rng.h"
#include "src/solve/bpr_kernels.h"

namespace latent {

BprTables::BprTables(int32_t user_rows, int32_t item_rows, int32_t factors)
    : factors(factors),
      stride((factors + 1 + 7) / 8 * 8),
      users(int64_t{user_rows} * stride),
      items(int64_t{item_rows} * stride) {}

namespace {

std::vector<int64_t> pairs_of_users(const UserItems& pairs) {
  std::vector<int64_t> out(pairs.users());
  for (int32_t u = 0; u < pairs.users(); ++u) out[u] = std::ssize(pairs.of(u));
  return out;
}

std::vector<int64_t> pairs_of_items(const UserItems& pairs, int32_t items) {
  std::vector<int64_t> out(items);
  for (const int32_t i : pairs.item) ++out[i];
  return out;
}

}  // namespace

BprSgd::BprSgd(UserItems pairs, int32_t items, int32_t factors, const BprRates& rates,
               uint64_t seed)
    : items_count_(items),
      rates_(rates),
      seed_(seed),
      users_(pairs_of_users(pairs), kUserStripes, Rng(seed).stream("bpr user stripes")),
      items_(pairs_of_items(pairs, items), kItemStripes, Rng(seed).stream("bpr item stripes")),
      draws_(std::move(pairs), users_, items_, rates.verify_negatives, seed),
      tables_(users_.rows(), items_.rows(), factors) {}

void BprSgd::load(const float* users, const float* items, const float* biases) {
  const int32_t factors = tables_.factors;
  for (int32_t u = 0; u < draws_.users(); ++u) {
    float* const row = tables_.users.data() + int64_t{users_.row_of(u)} * tables_.stride;
    std::copy_n(users + int64_t{u} * factors, factors, row);
    row[factors] = 1;
  }
  for (int32_t i = 0; i < items_count_; ++i) {
    float* const row = tables_.items.data() + int64_t{items_.row_of(i)} * tables_.stride;
    std::copy_n(items + int64_t{i} * factors, factors, row);
    row[factors] = biases[i];
  }
}

void BprSgd::store(float* users, float* items, float* biases) const {
  const int32_t factors = tables_.factors;
  for (int32_t u = 0; u < draws_.users(); ++u) {
    const float* const row = tables_.users.data() + int64_t{users_.row_of(u)} * tables_.stride;
    std::copy_n(row, factors, users + int64_t{u} * factors);
  }
  for (int32_t i = 0; i < items_count_; ++i) {
    const float* const row = tables_.items.data() + int64_t{items_.row_of(i)} * tables_.stride;
    std::copy_n(row, factors, items + int64_t{i} * factors);
    biases[i] = row[factors];
  }
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

BprCounts BprSgd::epoch_exact(std::mt19937& generator) {
  const auto n = static_cast<uint32_t>(draws_.pairs());
  const BprRows rows(tables_, rates_);
  BprCounts counts;
  counts.samples = n;
  for (uint32_t draw = 0; draw < n; ++draw) {
    const uint32_t pair = below(generator, n), other = below(generator, n);
    if (rates_.verify_negatives && draws_.known(pair, other)) {
      ++counts.skipped;
      continue;
    }
    counts.correct += bpr_step(rows, draws_.sample(pair, other));
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
