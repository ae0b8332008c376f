// The terms of the objectives, their sums taken in fixed chunks: the same bits for any number of
// threads.
#pragma once

#include <torch/torch.h>

namespace latent {

/// mean (prediction - rating)^2: [B], [B] -> scalar.
torch::Tensor mean_squared_error(const torch::Tensor& prediction, const torch::Tensor& rating);

/// mean softplus(-(x_ui - x_uj)) = -mean log sigmoid(x_ui - x_uj) (Rendle et al., 2009, BPR-Opt) of
/// differences [B] -> scalar.
torch::Tensor bpr_loss(const torch::Tensor& difference);

/// A [1] parameter once for each sample: [B]. Its gradient is a sum over the batch, which plain
/// broadcasting would take in an order that depends on the number of threads.
torch::Tensor for_each_sample(const torch::Tensor& parameter, int64_t batch);

}  // namespace latent
