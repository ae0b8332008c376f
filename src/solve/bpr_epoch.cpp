// The BPR epoch whose bits do not depend on the number of threads.
#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <numeric>
#include <span>
#include <utility>

#include "src/base/parallel.h"
#include "src/solve/bpr_kernels.h"
#include "src/solve/bpr_sgd.h"
#include "src/solve/stripes.h"

namespace latent {

namespace {

constexpr int kPairings = kItemStripes - 1;
constexpr int kBuckets = kPairings * kUserStripes * kUserStripes;
static_assert(kItemStripes == 2 * kUserStripes, "a pairing's pairs meet all user stripes in turn");

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
        if (a == b || bucket(0, a, b) / (kUserStripes * kUserStripes) != 0) continue;
        for (int u = 0; u < kUserStripes; ++u) at(u, a, a) = at(u, a, b);
      }
    }
  }

  LATENT_INLINE uint16_t bucket(uint32_t user_stripe, uint32_t a, uint32_t b) const {
    return bucket_[(user_stripe * kItemStripes + a) * kItemStripes + b];
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
  void set(int a, int b, int pairing, int pair) {
    for (int u = 0; u < kUserStripes; ++u) {
      const int rotation = (u - pair + kUserStripes) % kUserStripes;
      at(u, a, b) = at(u, b, a) =
          static_cast<uint16_t>((pairing * kUserStripes + rotation) * kUserStripes + pair);
    }
  }
  uint16_t& at(int u, int a, int b) {
    return bucket_[(u * kItemStripes + a) * kItemStripes + b];
  }
  uint16_t bucket_[kUserStripes * kItemStripes * kItemStripes];
};

constexpr int64_t kSlack = 16;  // samples that may be read or written past an end

/// An epoch's samples: by chunk of the draws, then by bucket, then as drawn.
struct Samples {
  using Starts = std::array<uint32_t, kBuckets + 1>;
  std::vector<BprSample*> first;  // [chunks] where a chunk's samples are
  std::vector<Starts> starts;     // [chunks] from there, of its buckets
};

/// Draws the samples of `parts`, in all of up to `room` pairs, and sorts them by bucket into `out`:
/// a chunk fits the nearest caches. Returns how many were skipped.
LATENT_INLINE int64_t draw_chunk(const BprDraws& draws, std::span<const int32_t> parts,
                                       int64_t room, int64_t epoch, const Tournament& tournament,
                                       BprSample* out, Samples::Starts& starts) {
  const auto drawn = std::make_unique_for_overwrite<BprSample[]>(room + BprDraws::kBlock);
  const auto bucket = std::make_unique_for_overwrite<uint16_t[]>(room);
  const StripedRows &users = draws.user_rows(), &items = draws.item_rows();
  uint32_t at[kBuckets] = {};
  int64_t size = 0, skipped = 0;
  for (const int32_t part : parts) {
    BprDraws::Reader reader(draws, part, epoch);
    for (int n; (n = reader.next(drawn.get() + size, skipped)) >= 0;) {
      // As much of `out` as the block will fill: scattered writes would wait for memory.
      const char* const later = reinterpret_cast<const char*>(out + size);
      for (size_t k = 0; k < sizeof(BprSample) * BprDraws::kBlock; k += 64)
        __builtin_prefetch(later + k, 1);
      for (const int64_t end = size + n; size < end; ++size) {
        const BprSample& x = drawn[size];
        bucket[size] = tournament.bucket(users.stripe(x.user), items.stripe(x.item),
                                         items.stripe(x.negative));
        ++at[bucket[size]];
      }
    }
  }
  uint32_t sum = 0;
  for (int b = 0; b < kBuckets; ++b) {
    starts[b] = sum;
    sum += std::exchange(at[b], sum);
  }
  starts[kBuckets] = sum;
  for (int64_t n = 0; n < size; ++n) out[at[bucket[n]]++] = drawn[n];
  return skipped;
}

struct Bucket {
  std::unique_ptr<BprSample[]> samples;
  int64_t size;
};

/// A bucket's samples from all chunks, one after the other.
LATENT_INLINE Bucket gather(const Samples& from, int64_t bucket) {
  constexpr size_t kLag = 4;  // chunks between a prefetch and its use
  const size_t chunks = from.first.size();
  int64_t size = 0;
  for (const auto& starts : from.starts) size += starts[bucket + 1] - starts[bucket];
  Bucket out = {std::make_unique_for_overwrite<BprSample[]>(size + kSlack), size};
  BprSample* to = out.samples.get();
  for (size_t c = 0; c < chunks; ++c) {
    const size_t later = std::min(c + kLag, chunks - 1);
    const auto* const ahead =
        reinterpret_cast<const char*>(from.first[later] + from.starts[later][bucket]);
    for (int k = 0; k < 4; ++k) __builtin_prefetch(ahead + 64 * k);
    // Whole vectors, past the run's end: runs are short.
    const BprSample* const run = from.first[c] + from.starts[c][bucket];
    const int64_t count = from.starts[c][bucket + 1] - from.starts[c][bucket];
    for (int64_t k = 0; k < count; k += kSlack)
      __builtin_memcpy(to + k, run + k, kSlack * sizeof(BprSample));
    to += count;
  }
  return out;
}

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

/// How many chunks to draw in: long enough for runs of some samples in a bucket, short enough for a
/// second-level cache. No result depends on it.
int64_t chunks_for(int64_t pairs, int64_t parts) {
  constexpr int64_t kLeast = 8192, kMost = 65536, kUsual = 64;
  const int64_t chunks = std::max(std::min(pairs / kLeast, kUsual), pairs / kMost);
  return std::clamp<int64_t>(chunks, 1, parts);
}

}  // namespace

BprCounts BprSgd::epoch(int64_t epoch, int threads) {
  samples_.resize(draws_.pairs() + kSlack);
  const Tournament tournament(Rng(seed_).stream("bpr pairings", epoch));
  const auto order = draws_.order(epoch);
  const int64_t chunks = chunks_for(draws_.pairs(), draws_.parts());
  const auto first_part = [&](int64_t chunk) { return chunk * draws_.parts() / chunks; };
  Samples samples = {{samples_.data()}, std::vector<Samples::Starts>(chunks)};
  std::vector<int64_t> room(chunks), skipped(chunks);
  for (int64_t c = 0; c < chunks; ++c) {
    for (int64_t p = first_part(c); p < first_part(c + 1); ++p)
      room[c] += draws_.part_pairs(order[p]);
    samples.first.push_back(samples.first[c] + room[c]);
  }
  samples.first.pop_back();
  const auto draw = kernel<draw_chunk>();
  parallel_chunks(chunks, threads, [&](int64_t c) {
    const std::span parts(order.begin() + first_part(c), order.begin() + first_part(c + 1));
    skipped[c] = draw(draws_, parts, room[c], epoch, tournament, samples.first[c],
                      samples.starts[c]);
  });

  const BprRows rows(tables_, rates_);
  const auto run =
      with_vectors(tables_.stride, [](auto vectors) { return kernel<run_samples<vectors()>>(); });
  const auto gathered = kernel<gather>();
  std::vector<int64_t> correct(kBuckets);
  tournament.tasks().run(threads, [&](int64_t b) {
    const Bucket bucket = gathered(samples, b);
    correct[b] = run(rows, bucket.samples.get(), bucket.size);
  });
  return {draws_.pairs(), std::accumulate(correct.begin(), correct.end(), int64_t{0}),
          std::accumulate(skipped.begin(), skipped.end(), int64_t{0})};
}

}  // namespace latent
