// The values of a tensor as plain memory.
#pragma once

#include <torch/torch.h>

#include <type_traits>

#include "src/kernels/bfloat16.h"

namespace latent {

/// Null where there is no tensor.
template <typename T>
const T* data_of(const torch::Tensor& t) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return t.defined() ? static_cast<const BFloat16*>(t.const_data_ptr()) : nullptr;
  } else {
    return t.defined() ? t.const_data_ptr<T>() : nullptr;
  }
}

inline bool in_bfloat16(const torch::Tensor& t) {
  return t.defined() && t.scalar_type() == torch::kBFloat16;
}

/// fn(data) of a table of floats or of BFloat16s.
template <typename Fn>
auto with_data(const torch::Tensor& table, const Fn& fn) {
  if (in_bfloat16(table)) return fn(static_cast<BFloat16*>(table.data_ptr()));
  return fn(table.data_ptr<float>());
}

}  // namespace latent
