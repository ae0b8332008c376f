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
  if (options.blocks && !options.with_replacement)
    blocks_.emplace(rows, options.seed, *options.blocks);
  if (known == nullptr) return;
  filter_.emplace(*known);
  if (options.negatives > 0 || options.sampling == NegativeSampling::kInBatch)
    negative_items_.emplace(rows, items, options.sampling, options.popularity_power);
}

int64_t Sampler::batches_per_epoch() const { return ceil_div(rows_.size(), options_.batch_size); }

void Sampler::permute(int64_t epoch) {
  if (epoch == epoch_) return;
  order_.resize(rows_.size());
  std::iota(order_.begin(), order_.end(), 0);
  shuffle(order_, Rng(options_.seed).stream("epoch", epoch));
  epoch_ = epoch;
}

std::span<const uint32_t> Sampler::rows_of(int64_t step) {
  const int64_t epoch = step / batches_per_epoch();
  const int64_t first = step % batches_per_epoch() * options_.batch_size;
  const auto size = static_cast<size_t>(std::min(options_.batch_size, rows_.size() - first));
  if (!blocks_) {
    permute(epoch);
    return {order_.data() + first, size};
  }
  order_.resize(size);
  blocks_->rows_at(epoch, first, order_);
  return order_;
}

void Sampler::draw(int64_t step, SampleBatch& out) {
  std::span<const uint32_t> own;  // of an epoch
  if (!options_.with_replacement) own = rows_of(step);
  const int64_t size = options_.with_replacement ? options_.batch_size : std::ssize(own);
  out.users.resize(size);
  out.items.resize(size);
  out.shared = options_.shared;
  if (known_ == nullptr) {
    out.ratings.resize(size);
  } else if (!options_.shared) {
    out.negatives.resize(size * options_.negatives);
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
                            : own[n];
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
    if (known_ != nullptr && !options_.shared)
      draw_negatives(rng.stream("negatives", step, chunk), begin, end, out);
  });
  if (known_ != nullptr && options_.shared) draw_shared(rng, step, out);
}

void Sampler::draw_negatives(RandomStream stream, int64_t begin, int64_t end,
                             SampleBatch& out) const {
  // A user may know all items that popularity can draw; then the others are as good.
  constexpr int kTries = 100;
  const int64_t each = options_.negatives;
  for (int64_t n = begin * each; n < end * each; ++n) {
    const int32_t user = out.users[each == 1 ? n : n / each];
    int32_t j;
    int tries = 0;
    do {
      j = ++tries <= kTries ? negative_items_->draw(stream)
                            : static_cast<int32_t>(stream.below(static_cast<uint32_t>(items_)));
    } while (filter_->maybe(user, j) && known_->has(user, j));
    out.negatives[n] = j;
  }
}

void Sampler::draw_shared(const Rng& rng, int64_t step, SampleBatch& out) const {
  if (options_.sampling == NegativeSampling::kInBatch) {
    out.negatives = out.items;
    return;
  }
  out.negatives.resize(options_.negatives);
  RandomStream stream = rng.stream("shared negatives", step);
  for (int32_t& j : out.negatives) j = negative_items_->draw(stream);
}

void Sampler::complete(int64_t step, SampleBatch& batch) const {
  if (negative_items_) {
    if (batch.shared) batch.excluded = excluded_pairs(batch, *known_, items_);
    if (negative_items_->weighted()) {
      batch.log_weights.resize(batch.negatives.size());
      for (size_t n = 0; n < batch.negatives.size(); ++n)
        batch.log_weights[n] = negative_items_->log_weight(batch.negatives[n]);
    }
  }
  if (options_.dropout == 0) return;
  const int64_t size = batch.size() * options_.factors;
  batch.user_scale.resize(size);
  const Rng rng(options_.seed);
  const auto kept = static_cast<float>(1 / (1 - options_.dropout));
  const auto below = static_cast<uint64_t>(options_.dropout * 0x1p32);  // two draws in 64 bits
  constexpr int64_t kNumbers = 1 << 15;
  const int64_t chunks = ceil_div(size, kNumbers);
  parallel_chunks(chunks, chunks < 4 ? 1 : options_.threads, [&](int64_t chunk) {
    RandomStream stream = rng.stream("user dropout", step, chunk);
    const int64_t end = std::min(size, (chunk + 1) * kNumbers);
    uint64_t bits = 0;
    for (int64_t n = chunk * kNumbers; n < end; ++n) {
      bits = n % 2 == 0 ? stream.next() : bits >> 32;
      batch.user_scale[n] = (bits & 0xFFFFFFFFu) < below ? 0 : kept;
    }
  });
}

int32_t first_user_with_every_item(const Interactions& rows, const UserItems& known,
                                   int32_t items) {
  for (const int32_t u : rows.user) {
    if (static_cast<int32_t>(known.of(u).size()) == items) return u;
  }
  return -1;
}

}  // namespace latent
