#include "src/solve/bayesian_mf.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/base/counting_sort.h"
#include "src/base/parallel.h"
#include "src/kernels/wide_vectors.h"

namespace latent {

namespace {

constexpr int64_t kChunk = 64;  // rows

/// fn(first, last) for each chunk of rows.
template <typename Fn>
void for_chunks(int64_t rows, int threads, const Fn& fn) {
  parallel_chunks(ceil_div(rows, kChunk), threads, [&](int64_t chunk) {
    fn(chunk * kChunk, std::min(rows, (chunk + 1) * kChunk));
  });
}

// Vectors have `stride` numbers, a multiple of four, zero beyond D, and matrices as many rows: in
// code for the base instruction set alone, so that a chain's bits depend on no processor.

LATENT_INLINE Double4 load4(const double* at) {
  using At = double __attribute__((vector_size(32), aligned(8), may_alias));
  return *reinterpret_cast<const At*>(at);
}
LATENT_INLINE void store4(double* at, const Double4& v) {
  using At = double __attribute__((vector_size(32), aligned(8), may_alias));
  *reinterpret_cast<At*>(at) = v;
}

/// out += factor * x.
LATENT_INLINE void add_scaled(const double* x, double factor, int64_t size, double* out) {
  for (int64_t k = 0; k < size; k += 4) store4(out + k, load4(out + k) + factor * load4(x + k));
}

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

BayesianMf::BayesianMf(const Interactions& rows, int32_t users, int32_t items,
                       const BayesianMfOptions& options)
    : factors_(options.factors),
      d_(options.factors + 1),
      stride_((d_ + 3) / 4 * 4),
      options_(options),
      mean_(mean_rating(rows)) {
  double squares = 0;
  for (const float r : rows.rating) squares += (r - mean_) * (r - mean_);
  if (squares > 0) deviation_ = std::sqrt(squares / static_cast<double>(rows.size()));
  rating_.reserve(rows.rating.size());
  for (const float r : rows.rating) rating_.push_back(static_cast<float>((r - mean_) / deviation_));
  users_.rows = users;
  items_.rows = items;
  fill_side(users_, rows.user, rows.item, items, options.implicit_items);
  fill_side(items_, rows.item, rows.user, users, options.implicit_users);
  rating_ = {};
}

void BayesianMf::fill_side(Side& side, const std::vector<int32_t>& own,
                           const std::vector<int32_t>& other, int32_t others, bool sets) {
  const auto size = static_cast<int64_t>(own.size());
  side.column.resize(size);
  side.rating.resize(size);
  side.start = counting_sort(
      size, side.rows, [&](int64_t n) { return own[n]; },
      [&](int64_t n, int64_t place) {
        side.column[place] = other[n];
        side.rating[place] = rating_[n];
      });
  side.own.assign(int64_t{side.rows} * stride_, 0);
  side.total = side.own;
  if (!sets) return;
  side.set_start.assign(1, 0);
  side.scale.assign(side.rows, 0);
  std::vector<int32_t> members, row_of;
  for (int32_t r = 0; r < side.rows; ++r) {
    members.assign(side.column.begin() + side.start[r], side.column.begin() + side.start[r + 1]);
    std::ranges::sort(members);
    members.erase(std::unique(members.begin(), members.end()), members.end());
    side.set.insert(side.set.end(), members.begin(), members.end());
    row_of.insert(row_of.end(), members.size(), r);
    side.set_start.push_back(std::ssize(side.set));
    if (!members.empty()) side.scale[r] = 1 / std::sqrt(static_cast<double>(members.size()));
  }
  side.member_of.resize(side.set.size());
  side.member_start = counting_sort(
      std::ssize(side.set), others, [&](int64_t n) { return side.set[n]; },
      [&](int64_t n, int64_t place) { side.member_of[place] = row_of[n]; });
  side.member.assign(int64_t{others} * stride_, 0);
  side.gram.resize(int64_t{side.rows} * stride_ * stride_);
  side.error.resize(int64_t{side.rows} * stride_);
}

void BayesianMf::start() {
  constexpr double kSpread = 0.1;
  const Rng rng(options_.seed);
  uint64_t which = 0;
  for (Side* const side : {&users_, &items_}) {
    std::ranges::fill(side->own, 0);
    std::ranges::fill(side->member, 0);
    for (int64_t r = 0; r < side->rows; ++r) {
      if (side->count(r) == 0) continue;
      RandomStream stream = rng.stream("bayes.start", which, r);
      for (int k = 1; k < d_; ++k) side->own[r * stride_ + k] = kSpread * stream.normal();
    }
    ++which;
  }
  restored();
}

std::vector<std::span<double>> BayesianMf::state() {
  return {users_.own, items_.own, users_.member, items_.member};
}

void BayesianMf::restored() {
  add_sets(users_);
  add_sets(items_);
  error_ = squared_error();
}

void BayesianMf::add_sets(Side& side) const {
  for_chunks(side.rows, options_.threads, [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      double* const total = &side.total[r * stride_];
      std::fill_n(total, stride_, 0);
      if (side.has_sets()) {
        for (int64_t n = side.set_start[r]; n < side.set_start[r + 1]; ++n)
          add_scaled(&side.member[int64_t{side.set[n]} * stride_], side.scale[r], stride_, total);
      }
      add_scaled(&side.own[r * stride_], 1, stride_, total);
    }
  });
}

double BayesianMf::squared_error() const {
  std::vector<double> sums(ceil_div(users_.rows, kChunk));
  for_chunks(users_.rows, options_.threads, [&](int64_t first, int64_t last) {
    double sum = 0;
    for (int64_t u = first; u < last; ++u) {
      const double* const p = &users_.total[u * stride_];
      for (int64_t n = users_.start[u]; n < users_.start[u + 1]; ++n) {
        const double* const q = &items_.total[int64_t{users_.column[n]} * stride_];
        double score = p[0] + q[0];
        for (int k = 1; k < d_; ++k) score += p[k] * q[k];
        sum += (users_.rating[n] - score) * (users_.rating[n] - score);
      }
    }
    sums[first / kChunk] = sum;
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

double BayesianMf::pass(int64_t number) {
  const Rng rng(RandomStream::mix(options_.seed ^ static_cast<uint64_t>(number + 1)));
  const auto ratings = static_cast<double>(users_.column.size());
  // A priori one squared error of 1, that of the mean alone.
  RandomStream noise = rng.stream("bayes.noise");
  noise_precision_ = fixed_ ? fixed_->noise_precision
                            : draw_gamma((1 + ratings) / 2, noise) / ((1 + error_) / 2);
  draw_side(users_, items_, fixed_ ? &fixed_->users : nullptr, rng);
  draw_side(items_, users_, fixed_ ? &fixed_->items : nullptr, rng);
  error_ = squared_error();
  return error_ / ratings * deviation_ * deviation_;
}

NormalGroup BayesianMf::group_of(const std::vector<double>& vectors,
                                 const std::vector<int64_t>& start, RandomStream stream) const {
  const int64_t rows = std::ssize(start) - 1;
  std::vector<GroupSums> parts(ceil_div(rows, kChunk), GroupSums(d_));
  for_chunks(rows, options_.threads, [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      if (start[r + 1] > start[r]) parts[first / kChunk].add(&vectors[r * stride_]);
    }
  });
  GroupSums all(d_);
  for (const GroupSums& part : parts) all.add(part);
  return draw_group(all, stream);
}

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

double BayesianMf::noise_variance() const { return deviation_ * deviation_ / noise_precision_; }

void BayesianMf::store(const Places& to) const {
  const double root = std::sqrt(deviation_);
  const auto put = [&](const Side& side, float* bias, float* factors) {
    for (int64_t r = 0; r < side.rows; ++r) {
      const double* const total = &side.total[r * stride_];
      bias[r * to.bias_stride] = static_cast<float>(deviation_ * total[0]);
      for (int k = 0; k < factors_; ++k)
        factors[r * to.stride + k] = static_cast<float>(root * total[k + 1]);
    }
  };
  put(users_, to.user_bias, to.user_factors);
  put(items_, to.item_bias, to.item_factors);
}

}  // namespace latent
