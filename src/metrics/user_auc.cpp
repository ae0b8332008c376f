#include "src/metrics/user_auc.h"

#include <algorithm>

#include "src/kernels/score_kernel.h"

namespace latent {

namespace {

constexpr size_t kFew = 24;  // held-out items that are compared one by one, many scores at a time

/// Values of `sorted` (not empty) below `score`; without a branch that could be mispredicted.
size_t count_below(const std::vector<float>& sorted, float score) {
  const float* at = sorted.data();
  for (size_t left = sorted.size(); left > 1;) {
    const size_t half = left / 2;
    at += at[half - 1] < score ? half : 0;
    left -= half;
  }
  return static_cast<size_t>(at - sorted.data()) + (*at < score);
}

}  // namespace

UserAuc::UserAuc(std::vector<float> held_out, std::span<const int32_t> known)
    : own_(std::move(held_out)), known_(known) {
  std::sort(own_.begin(), own_.end());
}

int64_t UserAuc::balance(float score) const {
  const size_t below = count_below(own_, score);
  size_t equal = 0;
  while (below + equal < own_.size() && own_[below + equal] == score) ++equal;
  return static_cast<int64_t>(own_.size() - below - equal) - static_cast<int64_t>(below);
}

void UserAuc::add(int32_t first, std::span<const float> scores) {
  if (own_.size() <= kFew) {
    balance_ += below_minus_above(scores, own_);
  } else {
    for (const float s : scores) balance_ += balance(s);
  }
  items_ += static_cast<int64_t>(scores.size());
  const int64_t end = first + static_cast<int64_t>(scores.size());
  for (; !known_.empty() && known_.front() < end; known_ = known_.subspan(1)) {
    balance_ -= balance(scores[known_.front() - first]);
    ++known_items_;
  }
}

void UserAuc::add_common(std::span<const float> scores, std::span<const float> ascending) {
  for (const float own : own_) {
    const auto [from, to] = std::equal_range(ascending.begin(), ascending.end(), own);
    balance_ += (from - ascending.begin()) - (ascending.end() - to);
  }
  for (const int32_t item : known_) balance_ -= balance(scores[item]);
  items_ += std::ssize(scores);
  known_items_ += std::ssize(known_);
}

void UserAuc::add_counted(int64_t balance, int64_t negatives) {
  balance_ += balance;
  items_ += negatives;
}

double UserAuc::value() const {
  const auto negatives = static_cast<double>(items_ - known_items_);
  if (negatives == 0) return -1;
  // Of a pair: 1 for a win, 1/2 for a tie, 0 for a loss.
  const double pairs = negatives * static_cast<double>(own_.size());
  return (pairs + static_cast<double>(balance_)) / 2 / pairs;
}

}  // namespace latent
