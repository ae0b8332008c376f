#include "src/solve/baseline_als.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "src/base/counting_sort.h"
#include "src/base/parallel.h"

namespace latent {

namespace {

constexpr int64_t kPerChunk = 1024;

}  // namespace

BaselineAls::Side::Side(std::span<const int32_t> own, std::span<const int32_t> from,
                        std::span<const float> ratings, int32_t count)
    : other(own.size()), rating(own.size()) {
  start = counting_sort(
      std::ssize(own), count, [&](int64_t n) { return own[n]; },
      [&](int64_t n, int64_t place) {
        other[place] = from[n];
        rating[place] = ratings[n];
      });
}

BaselineAls::BaselineAls(const Interactions& rows, int32_t users, int32_t items,
                         const BaselineTerms& terms, int threads)
    : by_user_(rows.user, rows.item, rows.rating, users),
      by_item_(rows.item, rows.user, rows.rating, items),
      terms_(terms),
      threads_(threads) {}

void BaselineAls::solve(const Side& side, const double* others, double reg, double* own) const {
  const auto count = static_cast<int64_t>(side.start.size()) - 1;
  parallel_chunks(ceil_div(count, kPerChunk), threads_, [&](int64_t chunk) {
    for (int64_t k = chunk * kPerChunk; k < std::min(count, (chunk + 1) * kPerChunk); ++k) {
      const int64_t rows = side.start[k + 1] - side.start[k];
      double sum = 0;
      for (int64_t n = side.start[k]; n < side.start[k + 1]; ++n)
        sum += side.rating[n] - terms_.mean - others[side.other[n]];
      own[k] = rows == 0 ? 0 : sum / (reg + static_cast<double>(rows));
    }
  });
}

double BaselineAls::epoch(double* user_bias, double* item_bias) const {
  solve(by_item_, user_bias, terms_.reg_i, item_bias);
  solve(by_user_, item_bias, terms_.reg_u, user_bias);
  const auto users = static_cast<int64_t>(by_user_.start.size()) - 1;
  std::vector<double> parts(ceil_div(users, kPerChunk));
  parallel_chunks(static_cast<int64_t>(parts.size()), threads_, [&](int64_t chunk) {
    for (int64_t u = chunk * kPerChunk; u < std::min(users, (chunk + 1) * kPerChunk); ++u) {
      for (int64_t n = by_user_.start[u]; n < by_user_.start[u + 1]; ++n) {
        const double error =
            by_user_.rating[n] - terms_.mean - user_bias[u] - item_bias[by_user_.other[n]];
        parts[chunk] += error * error;
      }
    }
  });
  return std::accumulate(parts.begin(), parts.end(), 0.0) /
         static_cast<double>(by_user_.rating.size());
}

}  // namespace latent
