#include "src/solve/bayesian_mf.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/base/counting_sort.h"
#include "src/solve/padded_vectors.h"

namespace latent {

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

void BayesianMf::fill_side(Side& side, std::span<const int32_t> own,
                           std::span<const int32_t> other, int32_t others, bool sets) {
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
  std::vector<double> sums(ceil_div(users_.rows, kRowsOfAChunk));
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
    sums[first / kRowsOfAChunk] = sum;
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
  std::vector<GroupSums> parts(ceil_div(rows, kRowsOfAChunk), GroupSums(d_));
  for_chunks(rows, options_.threads, [&](int64_t first, int64_t last) {
    for (int64_t r = first; r < last; ++r) {
      if (start[r + 1] > start[r]) parts[first / kRowsOfAChunk].add(&vectors[r * stride_]);
    }
  });
  GroupSums all(d_);
  for (const GroupSums& part : parts) all.add(part);
  return draw_group(all, stream);
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
