// The BPR epoch whose bits do not depend on the number of threads.
#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "src/base/parallel.h"
#include "src/solve/bpr_kernels.h"
#include "src/solve/bpr_sgd.h"
#include "src/solve/stripes.h"

namespace latent {

namespace {

constexpr int kItemStripes = 16, kUserStripes = 8, kPairings = 15;
constexpr int kBuckets = kPairings * kUserStripes * kUserStripes;
constexpr int kChunks = 64;  // of the draws, each with its own counts of buckets

/// When a sample's turn comes, by the stripes of its user and items. A round-robin tournament (the
/// circle method) pairs the 16 item stripes in 15 ways, each time into 8 disjoint pairs; in each of
/// 8 rotations a pair meets another user stripe. Buckets are numbered by pairing, rotation and
/// pair: the 8 of one rotation share neither users nor items.
class Tournament {
 public:
  /// Pairings in an order drawn from `stream`.
  explicit Tournament(RandomStream stream) {
    std::vector<int> turn(kPairings);
    std::iota(turn.begin(), turn.end(), 0);
    shuffle(turn, stream);
    for (int pairing = 0; pairing < kPairings; ++pairing) {
      set(kItemStripes - 1, pairing, turn[pairing], 0);
      for (int k = 1; k < kItemStripes / 2; ++k)
        set((pairing + k) % kPairings, (pairing - k + kPairings) % kPairings, turn[pairing], k);
    }
    // Both items in one stripe: with the pair that holds it in the first pairing.
    for (int a = 0; a < kItemStripes; ++a) {
      for (int b = 0; b < kItemStripes; ++b) {
        if (a != b && game_[a][b].pairing == 0) game_[a][a] = game_[a][b];
      }
    }
  }

  int bucket(int user_stripe, int a, int b) const {
    const Game g = game_[a][b];
    const int rotation = (user_stripe - g.pair + kUserStripes) % kUserStripes;
    return (g.pairing * kUserStripes + rotation) * kUserStripes + g.pair;
  }

  /// One task for each bucket, by the stripes it writes.
  OrderedTasks tasks() const {
    std::vector<std::array<int, 3>> stripes(kBuckets);
    for (int a = 0; a < kItemStripes; ++a) {
      for (int b = 0; b < a; ++b) {
        for (int u = 0; u < kUserStripes; ++u)
          stripes[bucket(u, a, b)] = {u, kUserStripes + a, kUserStripes + b};
      }
    }
    OrderedTasks out(kUserStripes + kItemStripes);
    for (const auto& s : stripes) out.add({s[0], s[1], s[2]});
    return out;
  }

 private:
  struct Game {
    int pairing, pair;
  };
  void set(int a, int b, int pairing, int pair) {
    game_[a][b] = game_[b][a] = {pairing, pair};
  }
  Game game_[kItemStripes][kItemStripes];
};

template <int kVectors>
LATENT_INLINE int64_t run_samples(const BprRows rows, const BprSample* samples, int64_t n) {
  constexpr int64_t kLag = kVectors == 1 ? 32 : 16;
  int64_t correct = 0, done = 0, asked = 0;
  for (; done + 8 <= n; done += 8) {
    for (; asked < std::min(n, done + 8 + kLag); ++asked)
      bpr_prefetch<kVectors>(rows, samples[asked]);
    correct += bpr_step8<kVectors>(rows, samples + done);
  }
  for (; done < n; ++done) correct += bpr_step(rows, samples[done]);
  return correct;
}

}  // namespace

BprStripes::BprStripes(const BprDraws& draws, int32_t items, uint64_t seed)
    : user(stripes_of(draws.user_counts(), kUserStripes, Rng(seed).stream("bpr user stripes"))),
      item(
          stripes_of(draws.item_counts(items), kItemStripes, Rng(seed).stream("bpr item stripes"))),
      drawn(draws.pairs()),
      sorted(draws.pairs()),
      bucket(draws.pairs()) {}

BprCounts BprSgd::epoch_deterministic(BprTables& tables, int64_t epoch, int threads) {
  if (!stripes_) stripes_ = std::make_unique<BprStripes>(draws_, items_, seed_);
  BprStripes& s = *stripes_;
  const Tournament tournament(Rng(seed_).stream("bpr pairings", epoch));

  // Draw: each chunk its parts, into the places that the parts' pairs have.
  const auto order = draws_.order(epoch);
  const int64_t chunks = std::min<int64_t>(kChunks, draws_.parts());
  const auto first_part = [&](int64_t chunk) { return chunk * draws_.parts() / chunks; };
  std::vector<int64_t> kept(order.size()), skipped(chunks);
  std::vector<std::array<int64_t, kBuckets>> place(chunks);
  parallel_chunks(chunks, threads, [&](int64_t c) {
    place[c].fill(0);
    for (int64_t p = first_part(c); p < first_part(c + 1); ++p) {
      const int64_t begin = draws_.part_first(order[p]);
      int64_t end = begin;
      BprDraws::Reader reader(draws_, order[p], epoch);
      BprSample block[BprDraws::kBlock];
      for (int n; (n = reader.next(block, skipped[c])) >= 0;) {
        for (int k = 0; k < n; ++k, ++end) {
          const BprSample& x = s.drawn[end] = block[k];
          s.bucket[end] = static_cast<uint16_t>(
              tournament.bucket(s.user[x.user], s.item[x.item], s.item[x.negative]));
          ++place[c][s.bucket[end]];
        }
      }
      kept[p] = end - begin;
    }
  });

  // Sort by bucket, then chunk, then draw.
  std::vector<int64_t> start(kBuckets + 1);
  int64_t at = 0;
  for (int b = 0; b < kBuckets; ++b) {
    start[b] = at;
    for (auto& counts : place) at += std::exchange(counts[b], at);
  }
  start[kBuckets] = at;
  parallel_chunks(chunks, threads, [&](int64_t c) {
    for (int64_t p = first_part(c); p < first_part(c + 1); ++p) {
      const int64_t begin = draws_.part_first(order[p]);
      for (int64_t n = begin; n < begin + kept[p]; ++n)
        s.sorted[place[c][s.bucket[n]]++] = s.drawn[n];
    }
  });

  const BprRows rows(tables, rates_);
  const auto run =
      with_vectors(tables.stride, [](auto vectors) { return kernel<run_samples<vectors()>>(); });
  std::vector<int64_t> correct(kBuckets);
  tournament.tasks().run(threads, [&](int64_t b) {
    correct[b] = run(rows, s.sorted.data() + start[b], start[b + 1] - start[b]);
  });
  return {draws_.pairs(), std::accumulate(correct.begin(), correct.end(), int64_t{0}),
          std::accumulate(skipped.begin(), skipped.end(), int64_t{0})};
}

}  // namespace latent
