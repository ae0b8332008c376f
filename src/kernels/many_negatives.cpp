#include "src/kernels/many_negatives.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/base/parallel.h"
#include "src/kernels/pair_kernels.h"
#include "src/kernels/panels.h"
#include "src/kernels/shared_negatives.h"
#include "src/kernels/wide_vectors.h"

namespace latent {

namespace {

constexpr int64_t kRows = 128;  // samples of a chunk
constexpr float kShortest = 1e-12f;  // as torch.nn.functional.normalize has it

/// to [columns] = row [k], scaled and then of length 1 where they are asked for; returns 1 / its
/// length, or 1.
template <typename F>
LATENT_INLINE float direction_of(const F* row, const float* scale, int64_t k, bool cosine,
                                 float* to, int64_t columns) {
  for (int64_t f = 0; f < k; ++f) to[f] = scale == nullptr ? row[f] : row[f] * scale[f];
  for (int64_t f = k; f < columns; ++f) to[f] = 0;
  if (!cosine) return 1;
  const float inverse = 1 / std::max(std::sqrt(dot_of(to, to, columns)), kShortest);
  for (int64_t f = 0; f < k; ++f) to[f] *= inverse;
  return inverse;
}

/// A row [k] of a table as floats: as it lies there, or copied to `room`.
LATENT_INLINE const float* floats_of(const float* row, int64_t, float*) { return row; }
LATENT_INLINE const float* floats_of(const BFloat16* row, int64_t k, float* room) {
  std::copy_n(row, k, room);
  return room;
}

/// out [k] += by (x - (x . direction) direction): a derivative by a row of the score, x, as one by
/// the row that it was made from. by = scale / length; not `turned`: x itself.
LATENT_INLINE void add_turned(const float* x, float times, const float* direction, bool turned,
                              float by, int64_t k, float* out) {
  const float along = turned ? dot_of(x, direction, k) : 0;
  const float forward = by * times, back = -by * times * along;
  for (int64_t f = 0; f < k; ++f) out[f] += forward * x[f] + back * direction[f];
}

}  // namespace

template <typename F>
void ManyNegatives::gather(const Tables<const float, const F>& t, const RankedBatch& b,
                           int threads) {
  const int64_t k = t.factors;
  columns_ = whole_panels(k);
  for (Table<float>* rows : {&users_, &positives_, &user_rise_}) rows->resize(b.size * columns_);
  for (Table<float>* values : {&user_size_, &positive_size_, &score_, &slope_})
    values->resize(b.size);
  parallel_chunks(ceil_div(b.size, kRows), threads, [&](int64_t chunk) {
    for (int64_t n = chunk * kRows; n < std::min(b.size, (chunk + 1) * kRows); ++n) {
      float *const u = users_.data() + n * columns_, *const p = positives_.data() + n * columns_;
      const float* const scale = b.user_scale == nullptr ? nullptr : b.user_scale + n * k;
      user_size_[n] =
          direction_of(t.gamma_user + b.users[n] * k, scale, k, cosine_, u, columns_);
      positive_size_[n] =
          direction_of(t.gamma_item + b.items[n] * k, nullptr, k, cosine_, p, columns_);
      score_[n] = dot_of(u, p, columns_) + (t.beta_item == nullptr ? 0 : t.beta_item[b.items[n]]);
    }
  });
}

template <typename F>
double ManyNegatives::losses(const Tables<const float, const F>& t, const RankedBatch& b,
                             int threads) {
  gather(t, b, threads);
  const double own = form_.kind == NegativeLoss::kBsl ? own_positives(b) : 0;
  const double sum = b.shared ? shared_losses(t, b, threads) : own_losses(t, b, threads);
  if (form_.kind == NegativeLoss::kBsl) {
    for (int64_t n = 0; n < b.size; ++n) slope_[n] += own_slope_[n];
  }
  return own + sum;
}

/// Sum of -log p, p the mean of exp(s / tau) over the samples of one user.
double ManyNegatives::own_positives(const RankedBatch& b) {
  own_slope_.resize(b.size);
  double sum = 0;
  for (int64_t from = 0, to; from < b.size; from = to) {
    for (to = from; to < b.size && b.users[to] == b.users[from]; ++to) {
    }
    const float top = *std::max_element(score_.begin() + from, score_.begin() + to);
    const auto count = static_cast<double>(to - from);
    double total = 0;
    for (int64_t n = from; n < to; ++n) total += std::exp(double{score_[n] - top} / form_.tau);
    sum -= count * (std::log(total / count) + double{top} / form_.tau);
    for (int64_t n = from; n < to; ++n)
      own_slope_[n] = static_cast<float>(-count * std::exp(double{score_[n] - top} / form_.tau) /
                                         (form_.tau * total));
  }
  return sum;
}

template <typename F>
double ManyNegatives::shared_losses(const Tables<const float, const F>& t, const RankedBatch& b,
                                    int threads) {
  const int64_t k = t.factors;
  negatives_.resize(b.negatives * columns_);
  item_rise_.resize(b.negatives * columns_);
  for (Table<float>* values : {&negative_size_, &rise_, &weights_}) values->resize(b.negatives);
  Table<float> bias(b.negatives), thresholds(b.thresholds == nullptr ? 0 : b.size);
  parallel_chunks(ceil_div(b.negatives, kRows), threads, [&](int64_t chunk) {
    for (int64_t n = chunk * kRows; n < std::min(b.negatives, (chunk + 1) * kRows); ++n) {
      negative_size_[n] = direction_of(t.gamma_item + b.negative[n] * k, nullptr, k, cosine_,
                                       negatives_.data() + n * columns_, columns_);
      weights_[n] = b.log_weights == nullptr ? 1 : std::exp(b.log_weights[n]);
      bias[n] = t.beta_item == nullptr ? 0 : t.beta_item[b.negative[n]];
    }
  });
  for (size_t n = 0; n < thresholds.size(); ++n) thresholds[n] = b.thresholds[b.users[n]];
  SharedNegatives all{b.size, b.negatives, columns_, users_.data(), negatives_.data()};
  all.item_bias = t.beta_item == nullptr ? nullptr : bias.data();
  all.weights = weights_.data();
  all.positives = score_.data();
  all.thresholds = thresholds.empty() ? nullptr : thresholds.data();
  all.excluded = b.excluded;
  return shared_negative_losses(form_, all, threads,
                                {slope_.data(), user_rise_.data(), item_rise_.data(),
                                 t.beta_item == nullptr ? nullptr : rise_.data()},
                                b.samples.shared() ? *b.samples.peers : alone());
}

template <typename F>
double ManyNegatives::own_losses(const Tables<const float, const F>& t, const RankedBatch& b,
                                 int threads) {
  const int64_t k = t.factors, each = b.negatives, wide = ceil_div(each, 16) * 16;
  rise_.resize(b.size * each);
  negative_size_.resize(b.size * each);
  const int64_t chunks = ceil_div(b.size, kRows);
  std::vector<double> sums(chunks);
  const Piece own = b.samples.shared() ? b.samples.own() : Piece{0, b.size};
  const int64_t first = own.begin / kRows;
  parallel_chunks(own.size() > 0 ? ceil_div(own.end, kRows) - first : 0, threads, [&](int64_t c) {
    const int64_t chunk = first + c;
    std::vector<float> scores(wide), weights(wide), row(columns_);
    for (int64_t n = chunk * kRows; n < std::min(b.size, (chunk + 1) * kRows); ++n) {
      const float* const u = users_.data() + n * columns_;
      double total = 0;
      for (int64_t j = 0; j < each; ++j) {
        const int32_t item = b.negative[n * each + j];
        const float* const g = floats_of(t.gamma_item + item * k, k, row.data());
        const float inverse =
            cosine_ ? 1 / std::max(std::sqrt(dot_of(g, g, k)), kShortest) : 1;
        negative_size_[n * each + j] = inverse;
        scores[j] =
            inverse * dot_of(u, g, k) + (t.beta_item == nullptr ? 0 : t.beta_item[item]);
        weights[j] = b.log_weights == nullptr ? 1 : std::exp(b.log_weights[n * each + j]);
        total += weights[j];
      }
      std::fill(scores.begin() + each, scores.end(), 0.0f);
      const float threshold = b.thresholds == nullptr ? 0 : b.thresholds[b.users[n]];
      const PositiveSlope out = negative_loss(form_, score_[n], threshold, weights.data(), total,
                                              scores.data(), wide);
      sums[chunk] += out.loss;
      slope_[n] = out.slope;
      float* const rise = user_rise_.data() + n * columns_;
      std::fill_n(rise, columns_, 0.0f);
      for (int64_t j = 0; j < each; ++j) {
        rise_[n * each + j] = scores[j];
        const float* const g =
            floats_of(t.gamma_item + b.negative[n * each + j] * k, k, row.data());
        const float by = scores[j] * negative_size_[n * each + j];
        for (int64_t f = 0; f < k; ++f) rise[f] += by * g[f];
      }
    }
  });
  if (b.samples.shared()) share_own(b, sums);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// All ranks get what items' derivatives are made of.
void ManyNegatives::share_own(const RankedBatch& b, std::vector<double>& sums) {
  constexpr int64_t kFloat = sizeof(float);
  const auto pieces = pieces_of(b.samples.shares);
  std::vector<int64_t> begins(sums.size());
  for (size_t c = 0; c < begins.size(); ++c) begins[c] = static_cast<int64_t>(c) * kRows;
  std::vector<SharedArray> arrays = {
      {slope_.data(), kFloat, pieces},
      {rise_.data(), b.negatives * kFloat, pieces},
      {sums.data(), sizeof(double), pieces_of(chunk_shares(begins, b.samples.shares))}};
  if (cosine_) arrays.push_back({negative_size_.data(), b.negatives * kFloat, pieces});
  b.samples.peers->gather(arrays);
  if (!cosine_) std::fill(negative_size_.begin(), negative_size_.end(), 1.0f);
}

template <typename F>
void ManyNegatives::add_gradients(const Tables<const float, const F>& t, const RankedBatch& b,
                                  float scale, int threads, const Tables<float>& out) const {
  const int64_t k = t.factors, each = b.negatives;
  const auto add_users = [&](int64_t begin, int64_t end) {
    std::vector<float> rise(columns_), turned(columns_);
    for (int64_t n = begin; n < end; ++n) {
      const float* const p = positives_.data() + n * columns_;
      const float* const through = user_rise_.data() + n * columns_;
      for (int64_t f = 0; f < k; ++f) rise[f] = through[f] + slope_[n] * p[f];
      float* const gradient = out.gamma_user + b.users[n] * k;
      const float by = scale * user_size_[n];
      const float* const u = users_.data() + n * columns_;
      if (b.user_scale == nullptr) {
        add_turned(rise.data(), 1, u, cosine_, by, k, gradient);
        continue;
      }
      std::fill(turned.begin(), turned.end(), 0.0f);
      add_turned(rise.data(), 1, u, cosine_, by, k, turned.data());
      for (int64_t f = 0; f < k; ++f) gradient[f] += b.user_scale[n * k + f] * turned[f];
    }
  };
  const auto add_items = [&](int64_t begin, int64_t end) {
    std::vector<float> row(columns_);
    for (int64_t at = begin; at < end; ++at) {
      const int64_t item = b.sorted_items[at], place = b.item_order[at], n = place - b.size;
      float* const gradient = out.gamma_item + item * k;
      float rise = 0;
      if (place < b.size) {
        rise = slope_[place];
        add_turned(users_.data() + place * columns_, rise, positives_.data() + place * columns_,
                   cosine_, scale * positive_size_[place], k, gradient);
      } else if (b.shared) {
        rise = t.beta_item == nullptr ? 0 : rise_[n];
        add_turned(item_rise_.data() + n * columns_, 1, negatives_.data() + n * columns_, cosine_,
                   scale * negative_size_[n], k, gradient);
      } else {
        rise = rise_[n];
        if (rise == 0) continue;
        for (int64_t f = 0; f < k; ++f) row[f] = t.gamma_item[item * k + f] * negative_size_[n];
        add_turned(users_.data() + n / each * columns_, rise, row.data(), cosine_,
                   scale * negative_size_[n], k, gradient);
      }
      if (out.beta_item != nullptr) out.beta_item[item] += scale * rise;
    }
  };
  const auto users = key_chunks(b.users, b.size, 0);
  const auto items = key_chunks(b.sorted_items.data(), std::ssize(b.sorted_items), b.item_shift);
  const auto of_items = static_cast<int64_t>(items.size()) - 1;
  const auto of_users = static_cast<int64_t>(users.size()) - 1;
  const auto own_of = [](const OwnedRows& rows, int64_t begin, int64_t end) -> Piece {
    if (!rows.shared()) return {begin, end};
    return {std::max(begin, rows.own().begin), std::min(end, rows.own().end)};
  };
  parallel_chunks(of_items + of_users, threads, [&](int64_t c) {
    if (c < of_items) {
      const Piece own = own_of(b.places, items[c], items[c + 1]);
      add_items(own.begin, own.end);
    } else {
      const Piece own = own_of(b.samples, users[c - of_items], users[c - of_items + 1]);
      add_users(own.begin, own.end);
    }
  });
}

template double ManyNegatives::losses(const Tables<const float>&, const RankedBatch&, int);
template double ManyNegatives::losses(const Tables<const float, const BFloat16>&,
                                      const RankedBatch&, int);
template void ManyNegatives::add_gradients(const Tables<const float>&, const RankedBatch&, float,
                                           int, const Tables<float>&) const;
template void ManyNegatives::add_gradients(const Tables<const float, const BFloat16>&,
                                           const RankedBatch&, float, int,
                                           const Tables<float>&) const;

}  // namespace latent
