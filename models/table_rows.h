// Rows of a table as floats, whatever the table is kept in.
#pragma once

#include <torch/torch.h>

namespace latent {

/// `table` in float32 where it is in bfloat16, else itself.
torch::Tensor in_floats(const torch::Tensor& table);

/// table[ids], [..., K] for ids of any shape: of a table in bfloat16 the same values in float32.
/// Its gradient is float32 too: backward() adds to it itself, since autograd would round each row's
/// sum to 8 bits.
torch::Tensor rows_of(torch::nn::Embedding& table, const torch::Tensor& ids);

/// Where gradients of `table` are added up: zeros in its shape and type, but float32 for bfloat16.
torch::Tensor zero_gradient(const torch::Tensor& table);

}  // namespace latent
