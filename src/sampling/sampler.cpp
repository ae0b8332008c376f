#include "src/sampling/sampler.h"

#include <algorithm>
#include <numeric>

#include "src/base/parallel.h"

namespace latent {

namespace {

/// Samples a chunk; part of the definition of the streams, so never to depend on the machine.
constexpr int64_t kChunk = 4096;
constexpr int64_t kAhead = 16;  // samples between a prefetch and its use

}  // namespace

Sampler::Sampler(const Interactions& rows, const SamplerOptions& options, const UserItems* known,
                 int32_t items)
    : rows_(rows), options_(options), known_(known), items_(items) {
  if (known != nullptr) filter_.emplace(*known);
}

int64_t Sampler::batches_per_epoch() const { return ceil_div(rows_.size(), options_.batch_size); }

void Sampler::permute(int64_t epoch) {
  if (epoch == epoch_) return;
  order_.resize(rows_.size());
  std::iota(order_.begin(), order_.end(), 0);
  shuffle(order_, Rng(options_.seed).stream("epoch", epoch));
  epoch_ = epoch;
}

void Sampler::draw(int64_t step, SampleBatch& out) {
  int64_t first = 0, size = options_.batch_size;
  if (!options_.with_replacement) {
    permute(step / batches_per_epoch());
    first = step % batches_per_epoch() * options_.batch_size;
    size = std::min(size, rows_.size() - first);
  }
  out.users.resize(size);
  out.items.resize(size);
  if (known_ == nullptr) {
    out.ratings.resize(size);
  } else {
    out.negatives.resize(size);
  }
  const Rng rng(options_.seed);
  const int threads = size <= 2 * kChunk ? 1 : options_.threads;  // not worth waking a thread
  parallel_chunks(ceil_div(size, kChunk), threads, [&](int64_t chunk) {
    const int64_t begin = chunk * kChunk, end = std::min(size, begin + kChunk);
    // Rows lie anywhere in memory: they are drawn first, then fetched with the next ones already on
    // their way.
    int64_t rows[kChunk + kAhead];
    RandomStream positives = rng.stream("positives", step, chunk);
    for (int64_t n = begin; n < end; ++n) {
      rows[n - begin] = options_.with_replacement
                            ? positives.below(static_cast<uint32_t>(rows_.size()))
                            : order_[first + n];
    }
    std::fill(rows + (end - begin), rows + (end - begin) + kAhead, int64_t{0});
    for (int64_t n = begin; n < end; ++n) {
      const int64_t row = rows[n - begin], next = rows[n - begin + kAhead];
      __builtin_prefetch(&rows_.user[next]);
      __builtin_prefetch(&rows_.item[next]);
      out.users[n] = rows_.user[row];
      out.items[n] = rows_.item[row];
      if (known_ == nullptr) {
        __builtin_prefetch(&rows_.rating[next]);
        out.ratings[n] = rows_.rating[row];
      }
    }
    if (known_ != nullptr) draw_negatives(rng.stream("negatives", step, chunk), begin, end, out);
  });
}

void Sampler::draw_negatives(RandomStream stream, int64_t begin, int64_t end,
                             SampleBatch& out) const {
  for (int64_t n = begin; n < end; ++n) {
    int32_t j;
    do {
      j = static_cast<int32_t>(stream.below(static_cast<uint32_t>(items_)));
    } while (filter_->maybe(out.users[n], j) && known_->has(out.users[n], j));
    out.negatives[n] = j;
  }
}

int32_t first_user_with_every_item(const Interactions& rows, const UserItems& known,
                                   int32_t items) {
  for (const int32_t u : rows.user) {
    if (static_cast<int32_t>(known.of(u).size()) == items) return u;
  }
  return -1;
}

}  // namespace latent
