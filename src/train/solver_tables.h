// Between a module's tables and the padded copies that solvers work on.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace latent {

/// Zeroes the rows of a contiguous table [R, K] on the CPU that `ids` (below R) does not name:
/// without training rows they have no factors to speak of, so that what is known of the other side
/// alone counts.
void zero_unseen(torch::Tensor table, std::span<const int32_t> ids);

/// A contiguous table [R, K] (or [R, 1]) to rows of `stride` numbers, whose rest stays as it is.
template <typename T>
void to_padded(const torch::Tensor& table, int32_t stride, T* out) {
  const int64_t columns = table.size(1);
  const T* in = table.const_data_ptr<T>();
  for (int64_t n = 0; n < table.size(0); ++n)
    std::copy(in + n * columns, in + (n + 1) * columns, out + n * stride);
}

template <typename T>
void from_padded(const T* in, int32_t stride, const torch::Tensor& table) {
  const int64_t columns = table.size(1);
  T* out = table.data_ptr<T>();
  for (int64_t n = 0; n < table.size(0); ++n)
    std::copy(in + n * stride, in + n * stride + columns, out + n * columns);
}

}  // namespace latent
