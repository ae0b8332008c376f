// A pass of the sampler of bayesian_mf, side by side: the vectors of sets, then those of rows.
#include <algorithm>

#include "src/solve/bayesian_mf.h"
#include "src/solve/padded_vectors.h"

namespace latent {

namespace {

/// gram += v v^T up to the block that holds the diagonal, sum += y v.
LATENT_INLINE void add_rating(const double* v, double y, int d, int stride, double* gram,
                              double* sum) {
  for (int i = 0; i < d; ++i) add_scaled(v, v[i], i + 1, gram + i * stride);
  add_scaled(v, y, stride, sum);
}

void mirror(double* a, int d, int stride) {
  for (int i = 0; i < d; ++i) {
    for (int j = 0; j < i; ++j) a[j * stride + i] = a[i * stride + j];
  }
}

/// out += factor * A x for a whole symmetric matrix.
LATENT_INLINE void add_product(const double* a, const double* x, double factor, int d, int stride,
                               double* out) {
  for (int j = 0; j < d; ++j) add_scaled(a + j * stride, factor * x[j], stride, out);
}

}  // namespace

void BayesianMf::draw_side(Side& side, const Side& other, const NormalGroup* given,
                           const Rng& rng) {
  const uint64_t which = &side == &users_ ? 0 : 1;
  side.group = given != nullptr
                   ? *given
                   : group_of(side.own, side.start, rng.stream("bayes.group", which));
  regressors_ = other.total;
  for (int64_t r = 0; r < other.rows; ++r) regressors_[r * stride_] = 1;
  if (side.has_sets()) {
    side.member_group =
        fixed_ ? fixed_->members
               : group_of(side.member, side.member_start, rng.stream("bayes.sets", which));
    sum_errors(side, other);
    draw_members(side, other.rows, rng);
  }
  draw_rows(side, other, rng);
  add_sets(side);
}

void BayesianMf::add_ratings(const Side& side, const Side& other, int64_t row, double* gram,
                             double* sum) const {
  std::fill_n(gram, int64_t{stride_} * stride_, 0);
  std::fill_n(sum, stride_, 0);
  for (int64_t n = side.start[row]; n < side.start[row + 1]; ++n) {
    const int64_t c = int64_t{side.column[n]} * stride_;
    add_rating(&regressors_[c], side.rating[n] - other.total[c], d_, stride_, gram, sum);
  }
}

void BayesianMf::sum_errors(Side& side, const Side& other) {
  for_chunks(side.rows, options_.threads, [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      double* const gram = &side.gram[r * stride_ * stride_];
      double* const error = &side.error[r * stride_];
      add_ratings(side, other, r, gram, error);
      mirror(gram, d_, stride_);
      add_product(gram, &side.total[r * stride_], -1, d_, stride_, error);
    }
  });
}

/// A member's vector w reaches the ratings of all rows that it is a member of: with A_r the sum of
/// v v^T over a row's ratings and e_r that of v times their errors, its precision given the rest is
/// that of its group plus noise_precision * sum A_r / count_r.
void BayesianMf::draw_members(Side& side, int32_t members, const Rng& rng) {
  constexpr int64_t kBatch = 256, kFew = 8;
  const int64_t square = int64_t{stride_} * stride_;
  std::vector<double> grams(kBatch * square);
  for (int64_t from = 0; from < members; from += kBatch) {
    const int64_t to = std::min<int64_t>(members, from + kBatch);
    // The matrices are the same whatever is drawn, the errors are not.
    parallel_chunks(ceil_div(to - from, kFew), options_.threads, [&](int64_t chunk) {
      const int64_t first = from + chunk * kFew, last = std::min(to, first + kFew);
      for (int64_t m = first; m < last; ++m) {
        double* const sum = &grams[(m - from) * square];
        std::fill_n(sum, square, 0);
        for (int64_t n = side.member_start[m]; n < side.member_start[m + 1]; ++n) {
          const int64_t r = side.member_of[n];
          add_scaled(&side.gram[r * square], side.scale[r] * side.scale[r], square, sum);
        }
      }
    });
    for (int64_t m = from; m < to; ++m) {
      if (side.member_start[m] < side.member_start[m + 1])
        draw_member(side, m, &grams[(m - from) * square], rng);
    }
  }
}

void BayesianMf::draw_member(Side& side, int64_t m, const double* gram, const Rng& rng) {
  const int64_t first = side.member_start[m], last = side.member_start[m + 1];
  double* const w = &side.member[m * stride_];
  std::vector<double> moved(stride_), sum(stride_);
  for (int k = 0; k < d_; ++k) moved[k] = -w[k];
  for (int64_t n = first; n < last; ++n) {
    const int64_t r = side.member_of[n];
    add_scaled(&side.error[r * stride_], side.scale[r], stride_, sum.data());
  }
  add_product(gram, w, 1, d_, stride_, sum.data());
  const bool of_users = &side == &users_;
  draw_vector(side.member_group, gram, sum.data(),
              rng.stream(of_users ? "bayes.item in sets" : "bayes.user in sets", m), w);
  for (int k = 0; k < d_; ++k) moved[k] += w[k];
  for (int64_t n = first; n < last; ++n) {
    const int64_t r = side.member_of[n];
    add_product(&side.gram[r * stride_ * stride_], moved.data(), -side.scale[r], d_, stride_,
                &side.error[r * stride_]);
  }
}

void BayesianMf::draw_vector(const NormalGroup& group, const double* gram, const double* sum,
                             RandomStream stream, double* out) const {
  std::vector<double> a(static_cast<size_t>(d_) * d_);
  for (int i = 0; i < d_; ++i) {
    double pull = 0;
    for (int j = 0; j < d_; ++j) pull += group.precision[i * d_ + j] * group.mean[j];
    out[i] = pull + noise_precision_ * sum[i];
    for (int j = 0; j <= i; ++j)
      a[i * d_ + j] = group.precision[i * d_ + j] + noise_precision_ * gram[i * stride_ + j];
  }
  draw_normal(a.data(), out, d_, stream);
}

void BayesianMf::draw_rows(Side& side, const Side& other, const Rng& rng) {
  const char* const name = &side == &users_ ? "bayes.user" : "bayes.item";
  const int64_t square = int64_t{stride_} * stride_;
  for_chunks(side.rows, options_.threads, [&](int64_t first, int64_t last) {
    std::vector<double> gram(square), sum(stride_);
    for (int64_t r = first; r < last; ++r) {
      double* const own = &side.own[r * stride_];
      if (side.count(r) == 0) {
        std::ranges::copy(side.group.mean, own);
      } else if (side.has_sets()) {
        // What is left of the ratings without the row's own part.
        sum.assign(&side.error[r * stride_], &side.error[r * stride_] + stride_);
        add_product(&side.gram[r * square], own, 1, d_, stride_, sum.data());
        draw_vector(side.group, &side.gram[r * square], sum.data(), rng.stream(name, r), own);
      } else {
        add_ratings(side, other, r, gram.data(), sum.data());
        draw_vector(side.group, gram.data(), sum.data(), rng.stream(name, r), own);
      }
    }
  });
}

}  // namespace latent
