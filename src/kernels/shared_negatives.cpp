#include "src/kernels/shared_negatives.h"

#include <algorithm>
#include <numeric>

#include "src/base/huge_pages.h"
#include "src/base/parallel.h"

namespace latent {

namespace {

constexpr int64_t kBlockFloats = 1 << 16;  // scores of a block: they stay in the second cache
constexpr int64_t kMostParts = 16;
constexpr int64_t kPartFloats = 1 << 21;  // of the items' sums of all parts

/// What all parts read.
struct Packed {
  void pack(const SharedNegatives& b) {
    wide = whole_panels(b.negatives);
    // Rows beyond the last negative are zero, and weigh nothing.
    items.resize(wide * b.columns);
    std::fill(std::copy_n(b.items, b.negatives * b.columns, items.begin()), items.end(), 0.0f);
    across.resize(items.size());
    down.resize(items.size());
    pack_transposed(items.data(), wide, b.columns, across.data());
    pack_panels(items.data(), wide, b.columns, down.data());
    weights.assign(wide, 0.0f);
    bias.assign(wide, 0.0f);
    for (int64_t n = 0; n < b.negatives; ++n) {
      weights[n] = b.weights == nullptr ? 1.0f : b.weights[n];
      if (b.item_bias != nullptr) bias[n] = b.item_bias[n];
    }
    total = std::accumulate(weights.begin(), weights.end(), 0.0);
  }

  int64_t wide = 0;  // N in whole panels
  double total = 0;  // of the weights
  Table<float> items, weights, bias;
  Table<float> across, down;  // panels of items transposed [K, N], and of items [N, K]
};

/// Memory that lasts from batch to batch: the system would have to clear fresh memory each time.
struct Kept {
  Packed packed;
  Table<float> items, bias;  // of each part
};

/// Memory of a thread that lasts from part to part.
struct Scratch {
  Table<float> scores, users, weights;
};

class Part {
 public:
  Part(const NegativeLossForm& form, const SharedNegatives& batch, const Packed& packed,
       const SharedSlopes& out)
      : form_(form), batch_(batch), packed_(packed), out_(out) {}

  /// Samples [begin, end); `items` [wide, K] and `bias` [wide] are this part's own.
  double run(int64_t begin, int64_t end, float* items, float* bias) const {
    static thread_local Scratch scratch;
    const int64_t wide = packed_.wide, columns = batch_.columns;
    // A row of a power of two would have all of a column in the same few places of the cache.
    const int64_t stride = wide + 16;
    const int64_t block = std::clamp<int64_t>(kBlockFloats / stride / 8 * 8, 8, 64);
    scratch.scores.resize(block * stride);
    scratch.users.resize(block * columns);
    scratch.weights.assign(packed_.weights.begin(), packed_.weights.end());
    std::fill_n(bias, wide, 0.0f);
    double sum = 0;
    for (int64_t b = begin; b < end; b += block) {
      const int64_t rows = std::min(block, end - b);
      float* const scores = scratch.scores.data();
      const float* const users = batch_.users + b * columns;
      multiply_panels({users, columns, 1}, rows, columns, packed_.across.data(), wide, scores,
                      stride, /*add=*/false);
      for (int64_t r = 0; r < rows; ++r)
        sum += row(b + r, scratch.weights.data(), scores + r * stride, bias);
      multiply_panels({scores, stride, 1}, rows, wide, packed_.down.data(), columns,
                      out_.users + b * columns, columns, /*add=*/false);
      pack_panels(users, rows, columns, scratch.users.data());
      multiply_panels({scores, 1, stride}, wide, rows, scratch.users.data(), columns, items,
                      columns, /*add=*/b > begin);
    }
    return sum;
  }

 private:
  /// The loss of sample b; its scores become their derivatives.
  double row(int64_t b, float* weights, float* scores, float* bias) const {
    const int64_t first = b * batch_.negatives;
    const auto sample_of = [&](int64_t at) { return at / batch_.negatives; };
    const std::span excluded(std::ranges::lower_bound(batch_.excluded, b, {}, sample_of),
                             std::ranges::upper_bound(batch_.excluded, b, {}, sample_of));
    double total = packed_.total;
    for (const int64_t at : excluded) {
      total -= weights[at - first];
      weights[at - first] = 0;
    }
    if (batch_.item_bias != nullptr) {
      for (int64_t n = 0; n < packed_.wide; ++n) scores[n] += packed_.bias[n];
    }
    const float threshold = batch_.thresholds == nullptr ? 0 : batch_.thresholds[b];
    const PositiveSlope out = negative_loss(form_, batch_.positives[b], threshold, weights, total,
                                            scores, packed_.wide);
    out_.positives[b] = out.slope;
    if (batch_.item_bias != nullptr) {
      for (int64_t n = 0; n < packed_.wide; ++n) bias[n] += scores[n];
    }
    for (const int64_t at : excluded) weights[at - first] = packed_.weights[at - first];
    return out.loss;
  }

  const NegativeLossForm& form_;
  const SharedNegatives& batch_;
  const Packed& packed_;
  const SharedSlopes& out_;
};

}  // namespace

double shared_negative_losses(const NegativeLossForm& form, const SharedNegatives& batch,
                              int threads, const SharedSlopes& out, Peers& peers) {
  static thread_local Kept kept;
  Packed& packed = kept.packed;
  packed.pack(batch);
  const int64_t cells = packed.wide * batch.columns;
  const int64_t most = std::clamp<int64_t>(kPartFloats / cells, 4, kMostParts);
  // In whole tiles of eight rows.
  const int64_t rows = std::max<int64_t>(8, ceil_div(ceil_div(batch.size, most), 8) * 8);
  const int64_t parts = ceil_div(batch.size, rows);
  const Shares shares = even_shares(parts, peers.size());
  const Piece piece = piece_of(shares, peers.rank());
  const int64_t first = piece.begin, last = piece.end;
  Table<float>&items = kept.items, &bias = kept.bias;
  items.resize((last - first) * cells);
  bias.resize((last - first) * packed.wide);
  std::vector<double> sums(parts);
  const Part part(form, batch, packed, out);
  parallel_chunks(last - first, last - first < 3 ? 1 : threads, [&](int64_t n) {
    const int64_t p = first + n;
    sums[p] = part.run(p * rows, std::min(batch.size, (p + 1) * rows), items.data() + n * cells,
                       bias.data() + n * packed.wide);
  });
  const int64_t used = batch.negatives * batch.columns;
  const auto add_items = [&] {
    constexpr int64_t kChunk = 1 << 14;
    parallel_chunks(ceil_div(used, kChunk), threads, [&](int64_t c) {
      const int64_t from = c * kChunk, to = std::min(used, from + kChunk);
      for (int64_t p = first; p < last; ++p) {
        const float* const more = items.data() + (p - first) * cells;
        if (p == 0) {
          std::copy(more + from, more + to, out.items + from);
        } else {
          for (int64_t n = from; n < to; ++n) out.items[n] += more[n];
        }
      }
    });
  };
  const auto add_bias = [&] {
    if (peers.first()) std::fill_n(out.item_bias, batch.negatives, 0.0f);
    for (int64_t p = first; p < last; ++p) {
      for (int64_t n = 0; n < batch.negatives; ++n)
        out.item_bias[n] += bias[(p - first) * packed.wide + n];
    }
  };
  constexpr int64_t kFloat = sizeof(float);
  peers.in_turn(out.items, used * kFloat, add_items);
  if (out.item_bias != nullptr) peers.in_turn(out.item_bias, batch.negatives * kFloat, add_bias);
  if (!peers.alone()) {
    Shares samples = scaled(shares, rows);
    for (int64_t& n : samples) n = std::min(n, batch.size);
    const SharedArray arrays[] = {
        {out.positives, kFloat, pieces_of(samples)},
        {out.users, batch.columns * kFloat, pieces_of(samples)},
        {sums.data(), sizeof(double), pieces_of(shares)}};
    peers.gather(arrays);
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace latent
