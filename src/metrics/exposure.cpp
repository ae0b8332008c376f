#include "src/metrics/exposure.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <numeric>

namespace latent {

namespace {

double gini(std::vector<int64_t> counts) {
  std::ranges::sort(counts);
  const auto items = static_cast<double>(counts.size());
  double weighted = 0, sum = 0;
  for (size_t n = 0; n < counts.size(); ++n) {
    const auto count = static_cast<double>(counts[n]);
    weighted += (2 * static_cast<double>(n + 1) - items - 1) * count;
    sum += count;
  }
  return weighted / (items * sum);
}

/// [I] bits of surprise that each item brings.
std::vector<double> self_information(const UserItems& had, size_t items) {
  std::vector<int64_t> users_of(items);
  for (const int32_t i : had.item) ++users_of[i];
  int64_t users = 0;
  for (int32_t u = 0; u < had.users(); ++u) users += !had.of(u).empty();
  std::vector<double> out;
  for (const int64_t count : users_of)
    out.push_back(std::log2(static_cast<double>(std::max<int64_t>(users, 1)) /
                            static_cast<double>(std::max<int64_t>(count, 1))));
  return out;
}

}  // namespace

Exposure::Exposure(const std::vector<int64_t>& cut_offs, int32_t items,
                   std::span<const char> unlisted)
    : cut_offs_(cut_offs), allowed_(items, 1), counts_(cut_offs.size()) {
  for (auto& counts : counts_) counts.resize(items);
  for (size_t i = 0; i < unlisted.size(); ++i) {
    allowed_[i] = unlisted[i] == 0;
    unlisted_count_ += unlisted[i] != 0;
  }
}

void Exposure::add(std::span<const Scored> list) {
  int64_t place = 0;
  for (const Scored& s : list) {
    if (!allowed_[s.index]) continue;
    bool shown = false;
    for (size_t c = 0; c < cut_offs_.size(); ++c) {
      if (place >= cut_offs_[c]) continue;
      shown = true;
      std::atomic_ref(counts_[c][s.index]).fetch_add(1, std::memory_order_relaxed);
    }
    if (!shown) return;
    ++place;
  }
}

void Exposure::add_up(Peers& peers) {
  for (auto& counts : counts_) {
    std::vector<int64_t> sums(counts.size());
    peers.in_turn(sums.data(), std::ssize(sums) * int64_t{sizeof(int64_t)}, [&] {
      std::ranges::transform(sums, counts, sums.begin(), std::plus<>());
    });
    counts.swap(sums);
  }
}

NamedFigures Exposure::figures(const UserItems& had) const {
  const std::vector<double> bits = self_information(had, allowed_.size());
  NamedFigures coverage, novelty, concentration;
  for (size_t c = 0; c < cut_offs_.size(); ++c) {
    const std::vector<int64_t>& counts = counts_[c];
    const auto places = static_cast<double>(std::reduce(counts.begin(), counts.end()));
    if (places == 0) return {};
    const std::string at = "@" + std::to_string(cut_offs_[c]);
    double sum = 0;
    for (size_t i = 0; i < counts.size(); ++i) sum += static_cast<double>(counts[i]) * bits[i];
    const auto shown = counts.size() - static_cast<size_t>(std::ranges::count(counts, 0));
    coverage.emplace_back("coverage" + at,
                          static_cast<double>(shown) / static_cast<double>(counts.size()));
    novelty.emplace_back("novelty" + at, sum / places);
    concentration.emplace_back("gini" + at, gini(counts));
  }
  coverage.insert(coverage.end(), novelty.begin(), novelty.end());
  coverage.insert(coverage.end(), concentration.begin(), concentration.end());
  return coverage;
}

}  // namespace latent
