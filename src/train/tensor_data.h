// The values of a tensor as plain memory.
#pragma once

#include <torch/torch.h>

namespace latent {

/// Null where there is no tensor.
template <typename T>
const T* data_of(const torch::Tensor& t) {
  return t.defined() ? t.const_data_ptr<T>() : nullptr;
}

}  // namespace latent
