#include "src/score/coarse_catalogue.h"

#include "src/base/parallel.h"

namespace latent {

namespace {

/// What a value in double precision becomes as a float that is no less.
float rounded_up(double value) {
  return std::nextafter(static_cast<float>(value), std::numeric_limits<float>::infinity());
}

double norm_of(const float* row, int32_t factors) {
  double squares = 0;
  for (int32_t k = 0; k < factors; ++k) squares += double{row[k]} * row[k];
  return std::sqrt(squares);
}

/// Scores beyond this may overflow on the way.
constexpr double kMostScore = 1e30;

}  // namespace

CoarseCatalogue::CoarseCatalogue(const FactorView& view)
    : items_(view.items), factors_(view.factors), beta_(view.beta_item) {
  const int64_t tiles = ceil_div(items_, kCoarseItems);
  lines_.resize(static_cast<size_t>(tiles * factors_));
  scale_.resize(static_cast<size_t>(tiles * kCoarseItems));
  error_.resize(scale_.size());
  std::vector<double> longest(static_cast<size_t>(tiles)), most_beta(longest.size());
  parallel_chunks(tiles, /*threads=*/0, [&](int64_t t) {
    const int32_t first = static_cast<int32_t>(t * kCoarseItems);
    for (int32_t i = first; i < std::min(first + kCoarseItems, items_); ++i) {
      const float* const row = view.factors_of_item(i);
      float most = 0;
      for (int32_t k = 0; k < factors_; ++k) most = std::max(most, std::abs(row[k]));
      const float scale = most / 127;
      double left_out = 0;
      for (int32_t k = 0; k < factors_; ++k) {
        // Up to 127 for a number; anything for others, with which nothing is answered.
        const long q = scale > 0 ? std::clamp(std::lrint(row[k] / scale), -127L, 127L) : 0;
        lines_[t * factors_ + k].item[i - first] = static_cast<int8_t>(q);
        const double part = row[k] - double{scale} * static_cast<double>(q);
        left_out += part * part;
      }
      scale_[i] = scale;
      error_[i] = rounded_up(std::sqrt(left_out) * (1 + 1e-6));
      // NaN is no number and stays: max(a, NaN) would be a.
      const double length = norm_of(row, factors_) + error_[i];
      longest[t] = longest[t] <= length || std::isnan(length) ? length : longest[t];
      if (beta_ == nullptr) continue;
      const double beta = std::abs(double{beta_[i]});
      most_beta[t] = most_beta[t] <= beta || std::isnan(beta) ? beta : most_beta[t];
    }
  });
  for (int64_t t = 0; t < tiles; ++t) {
    if (!(longest[t] <= longest_)) longest_ = std::isnan(longest_) ? longest_ : longest[t];
    if (!(most_beta[t] <= most_beta_))
      most_beta_ = std::isnan(most_beta_) ? most_beta_ : most_beta[t];
  }
}

bool CoarseCatalogue::can_answer(const UserVector& user) const {
  const double most =
      std::abs(double{user.base}) + most_beta_ + norm_of(user.factors, factors_) * longest_;
  return most <= kMostScore && longest_ <= kMostScore;  // false for NaN
}

CoarseCatalogue::Room CoarseCatalogue::room_of(const UserVector& user) const {
  const double length = norm_of(user.factors, factors_);
  const double most = std::abs(double{user.base}) + most_beta_ + length * longest_;
  // A sum of n floats is off by less than n 2^-24 times the sum of their sizes (Higham, 2002, 4.2),
  // here once for the real score and once for the coarse one. The last term is for what underflows.
  const double rounding = (factors_ + 16) * 0x1p-23 * most + 1e-30;
  return {rounded_up(length * (1 + 1e-6)), rounded_up(rounding)};
}

void CoarseCatalogue::bounds(int64_t t, const UserVector& user, const Room& room, float* lower,
                             float* products) const {
  const float* const scale = scale_.data() + t * kCoarseItems;
  const float* const error = error_.data() + t * kCoarseItems;
  float beta[kCoarseItems] = {};
  if (beta_ != nullptr)
    std::copy_n(beta_ + t * kCoarseItems,
                std::min<int64_t>(kCoarseItems, items_ - t * kCoarseItems), beta);
  for (int n = 0; n < kCoarseItems; ++n) {
    const float score = (user.base + beta[n]) + scale[n] * products[n];
    const float room_here = room.per_error * error[n] + room.rounding;
    lower[n] = score - room_here;
    products[n] = score + room_here;
  }
}

std::vector<float> CoarseCatalogue::packed_groups(std::span<const UserVector> users) const {
  const auto count = static_cast<int>(users.size());
  std::vector<float> packed(users.size() * static_cast<size_t>(factors_));
  for (int u = 0; u < count; ++u) {
    const int from = u / kCoarseUsers * kCoarseUsers, group = std::min(kCoarseUsers, count - from);
    for (int f = 0; f < factors_; ++f)
      packed[int64_t{from} * factors_ + f * group + (u - from)] = users[u].factors[f];
  }
  return packed;
}

std::vector<std::vector<int32_t>> CoarseCatalogue::merged(std::vector<std::vector<Search>>& pieces,
                                                          size_t users, int k) {
  std::vector<std::vector<int32_t>> out(users);
  for (size_t u = 0; u < users; ++u) {
    TopK lowest(k);
    for (std::vector<Search>& piece : pieces) {
      for (const Scored& s : piece[u].lowest.take()) lowest.push(s.index, s.score);
    }
    const std::vector<Scored> best = lowest.take();
    for (const std::vector<Search>& piece : pieces) {
      for (const Scored& s : piece[u].kept) {
        if (std::ssize(best) < k || s.score >= best.back().score) out[u].push_back(s.index);
      }
    }
  }
  return out;
}

}  // namespace latent
