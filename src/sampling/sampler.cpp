#include "src/sampling/sampler.h"

#include <algorithm>
#include <numeric>

#include "src/base/parallel.h"
#include "src/base/rng.h"

namespace latent {

namespace {

/// Samples a chunk; part of the definition of the streams, so never to depend on the machine.
constexpr int64_t kChunk = 4096;

}  // namespace

Sampler::Sampler(const Interactions& rows, const SamplerOptions& options, const UserItems* known, int32_t items)
    : rows_(rows), options_(options), known_(known), items_(items) {}

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
  parallel_chunks(ceil_div(size, kChunk), options_.threads, [&](int64_t chunk) {
    RandomStream positives = rng.stream("positives", step, chunk);
    RandomStream negatives = rng.stream("negatives", step, chunk);
    const int64_t end = std::min(size, (chunk + 1) * kChunk);
    for (int64_t n = chunk * kChunk; n < end; ++n) {
      const int64_t row = options_.with_replacement ? positives.below(static_cast<uint32_t>(rows_.size())) : order_[first + n];
      const int32_t u = rows_.user[row];
      out.users[n] = u;
      out.items[n] = rows_.item[row];
      if (known_ == nullptr) {
        out.ratings[n] = rows_.rating[row];
        continue;
      }
      int32_t j;
      do {
        j = static_cast<int32_t>(negatives.below(static_cast<uint32_t>(items_)));
      } while (known_->has(u, j));
      out.negatives[n] = j;
    }
  });
}

int32_t first_user_with_every_item(const Interactions& rows, const UserItems& known, int32_t items) {
  for (const int32_t u : rows.user) {
    if (static_cast<int32_t>(known.of(u).size()) == items) return u;
  }
  return -1;
}

}  // namespace latent
