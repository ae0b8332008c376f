#include "src/metrics/ranking.h"

#include <algorithm>
#include <cmath>

#include "src/base/parallel.h"
#include "src/base/rng.h"
#include "src/metrics/user_auc.h"
#include "src/score/ranker.h"

namespace latent {

namespace {

constexpr int64_t kUsersPerChunk = 64;  // partial sums are added in chunk order
constexpr int kMetrics = 6;
constexpr const char* kNames[kMetrics] = {"recall", "ndcg", "hit", "precision", "map", "mrr"};

/// What does not depend on the user.
struct Discounts {
  explicit Discounts(int64_t deepest) : gain(deepest), ideal(deepest + 1) {
    for (int64_t rank = 1; rank <= deepest; ++rank) {
      gain[rank - 1] = 1 / std::log2(static_cast<double>(rank) + 1);
      ideal[rank] = ideal[rank - 1] + gain[rank - 1];
    }
  }
  std::vector<double> gain, ideal;
};

/// Adds the user's figures at each cut-off to `sums` [cut-offs, kMetrics].
void add_cut_offs(const std::vector<char>& hit_at, int64_t relevant,
                  const std::vector<int64_t>& cut_offs, const Discounts& discounts, double* sums) {
  for (size_t c = 0; c < cut_offs.size(); ++c) {
    const int64_t k = cut_offs[c],
                  depth = std::min<int64_t>(k, static_cast<int64_t>(hit_at.size()));
    double hits = 0, dcg = 0, precision_sum = 0, first = 0;
    for (int64_t n = 0; n < depth; ++n) {
      if (!hit_at[n]) continue;
      hits += 1;
      dcg += discounts.gain[n];
      precision_sum += hits / static_cast<double>(n + 1);
      if (first == 0) first = 1.0 / static_cast<double>(n + 1);
    }
    const int64_t reachable = std::min(k, relevant);
    double* out = sums + c * kMetrics;
    out[0] += hits / static_cast<double>(relevant);
    out[1] +=
        dcg /
        discounts.ideal[std::min<int64_t>(reachable, static_cast<int64_t>(discounts.gain.size()))];
    out[2] += hits > 0;
    out[3] += hits / static_cast<double>(k);
    out[4] += precision_sum / static_cast<double>(reachable);
    out[5] += first;
  }
}

}  // namespace

NamedFigures ranking_metrics(const FactorView& model, const RankingQuery& query) {
  std::vector<int32_t> users;
  for (int32_t u = 0; u < query.held_out->users(); ++u) {
    if (!query.held_out->of(u).empty()) users.push_back(u);
  }
  if (users.empty()) return {};
  const int64_t deepest = std::min<int64_t>(
      *std::max_element(query.cut_offs.begin(), query.cut_offs.end()), model.items);
  const Discounts discounts(deepest);
  const Ranker ranker(model);
  const size_t width = query.cut_offs.size() * kMetrics + 2;  // and the AUC: sum, users counted
  const int64_t chunks = ceil_div(static_cast<int64_t>(users.size()), kUsersPerChunk);
  std::vector<double> partial(chunks * width);

  parallel_chunks(chunks, query.threads, [&](int64_t chunk) {
    const auto first = static_cast<size_t>(chunk * kUsersPerChunk);
    const auto block =
        std::span(users).subspan(first, std::min<size_t>(kUsersPerChunk, users.size() - first));
    std::vector<UserAuc> auc;
    for (const int32_t u : block) {
      std::vector<float> own;
      for (const int32_t i : query.held_out->of(u)) own.push_back(ranker.score(u, i));
      auc.emplace_back(std::move(own), query.all_parts->of(u));
    }
    const auto lists = ranker.rank_block(
        block, deepest,
        {.left_out = *query.masked, .look = [&](size_t n, int32_t first, auto scores) {
           auc[n].add(first, scores);
         }});
    double* const sums = partial.data() + chunk * width;
    std::vector<char> hit_at;
    for (size_t n = 0; n < block.size(); ++n) {
      const auto held_out = query.held_out->of(block[n]);
      hit_at.clear();
      for (const Scored& s : lists[n])
        hit_at.push_back(std::binary_search(held_out.begin(), held_out.end(), s.index));
      add_cut_offs(hit_at, static_cast<int64_t>(held_out.size()), query.cut_offs, discounts, sums);
      if (auc[n].value() >= 0) {
        sums[width - 2] += auc[n].value();
        sums[width - 1] += 1;
      }
    }
  });

  std::vector<double> total(width);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    for (size_t n = 0; n < width; ++n) total[n] += partial[chunk * width + n];
  }
  NamedFigures out;
  if (total[width - 1] > 0) out.emplace_back("auc", total[width - 2] / total[width - 1]);
  for (int metric = 0; metric < kMetrics; ++metric) {
    for (size_t c = 0; c < query.cut_offs.size(); ++c) {
      out.emplace_back(std::string(kNames[metric]) + "@" + std::to_string(query.cut_offs[c]),
                       total[c * kMetrics + metric] / static_cast<double>(users.size()));
    }
  }
  return out;
}

double auc_sampled(const FactorView& model, const UserItems& test, uint64_t seed) {
  constexpr size_t kPairs = 10;
  std::vector<int32_t> pool(test.item);
  std::sort(pool.begin(), pool.end());
  pool.erase(std::unique(pool.begin(), pool.end()), pool.end());
  const Rng rng(seed);
  double sum = 0;
  int64_t counted = 0;
  for (int32_t u = 0; u < test.users(); ++u) {
    const auto own = test.of(u);
    // With fewer other items than pairs the notebook cannot sample; the pairs that exist are taken.
    const size_t pairs = std::min({kPairs, own.size(), pool.size() - own.size()});
    if (pairs == 0) continue;
    RandomStream stream = rng.stream("auc_sampled", u);
    std::vector<int32_t> positives(own.begin(), own.end()), negatives;
    for (size_t n = 0; n < pairs; ++n) {
      std::swap(positives[n],
                positives[n + stream.below(static_cast<uint32_t>(positives.size() - n))]);
    }
    if (pool.size() - own.size() < 4 * pairs) {  // few are left: list them, then draw
      std::set_difference(pool.begin(), pool.end(), own.begin(), own.end(),
                          std::back_inserter(negatives));
      shuffle(negatives, stream);
    } else {
      while (negatives.size() < pairs) {
        const int32_t j = pool[stream.below(static_cast<uint32_t>(pool.size()))];
        const bool taken = std::find(negatives.begin(), negatives.end(), j) != negatives.end();
        if (!taken && !std::binary_search(own.begin(), own.end(), j)) negatives.push_back(j);
      }
    }
    double wins = 0;
    for (size_t n = 0; n < pairs; ++n)
      wins += model.score(u, positives[n]) > model.score(u, negatives[n]);
    sum += wins / static_cast<double>(pairs);
    ++counted;
  }
  return counted == 0 ? 0 : sum / static_cast<double>(counted);
}

std::vector<float> popularity(const UserItems& train, int32_t items) {
  std::vector<float> counts(items);
  for (const int32_t i : train.item) counts[i] += 1;
  return counts;
}

}  // namespace latent
