// The five tables of a model as plain arrays, and the formula that they stand for.
//
// Dimension legend: U users, I items, K factors.
#pragma once

#include <cstdint>
#include <type_traits>

namespace latent {

/// The parts of score(u, i) = alpha + beta_user[u] + beta_item[i] + gamma_user[u] . gamma_item[i];
/// null: absent. As scores T is const; as the place of gradients it is not. F: of the factors,
/// which may be kept in fewer bits.
template <typename T, typename F = T>
struct Tables {
  int32_t users = 0, items = 0, factors = 0;
  T* alpha = nullptr;       // [1]
  T* beta_user = nullptr;   // [U]
  T* beta_item = nullptr;   // [I]
  F* gamma_user = nullptr;  // [U, K]
  F* gamma_item = nullptr;  // [I, K]

  using Value = std::remove_const_t<T>;

  Value mean() const { return alpha != nullptr ? *alpha : Value{0}; }
  /// alpha + beta_user[u].
  Value base(int64_t u) const {
    return mean() + (beta_user != nullptr && u >= 0 ? beta_user[u] : Value{0});
  }
  const F* factors_of_user(int64_t u) const { return gamma_user + u * factors; }
  const F* factors_of_item(int64_t i) const { return gamma_item + i * factors; }

  /// The formula, its sums in order. A user or an item below 0 is unknown: its terms are left out.
  Value score(int64_t u, int64_t i) const {
    Value sum = base(u);
    if (beta_item != nullptr && i >= 0) sum += beta_item[i];
    if (u < 0 || i < 0) return sum;
    for (int32_t k = 0; k < factors; ++k) sum += factors_of_user(u)[k] * factors_of_item(i)[k];
    return sum;
  }
};

}  // namespace latent
