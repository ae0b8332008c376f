#include "src/train/device_batches.h"

#include <cstdlib>
#include <limits>
#include <numeric>

#include "src/base/parallel.h"

namespace latent {

using torch::Tensor;

namespace {

template <typename Values>
Tensor to(torch::Device device, const Values& values, torch::Dtype type) {
  return torch::from_blob(const_cast<typename Values::value_type*>(values.data()), {static_cast<int64_t>(values.size())},
                          type)
      .clone()
      .to(device);
}

}  // namespace

DeviceBatches::DeviceBatches(const Interactions& rows, const SamplerOptions& options,
                             const UserItems* known, int32_t items, torch::Device device)
    : options_(options),
      device_(device),
      size_(rows.size()),
      items_(items),
      users_(to(device, rows.user, torch::kInt32)),
      items_of_rows_(to(device, rows.item, torch::kInt32)) {
  if (known == nullptr) {
    ratings_ = to(device, rows.rating, torch::kFloat32);
    return;
  }
  std::vector<int64_t> keys, pairs;
  keys.reserve(known->item.size());
  pairs.reserve(known->item.size());
  for (int32_t u = 0; u < known->users(); ++u) {
    int64_t t = 0;
    for (const int32_t a : known->of(u)) {
      keys.push_back(u * (items_ + 1) + a - t++);
      pairs.push_back(u * items_ + a);
    }
  }
  keys_ = to(device, keys, torch::kInt64);
  start_ = to(device, known->start, torch::kInt64);
  if (options.shared || options.sampling != NegativeSampling::kUniform)
    pairs_ = to(device, pairs, torch::kInt64);
  const NegativeItems drawn(rows, items, options.sampling, options.popularity_power);
  if (!drawn.weighted()) return;
  // Summed here, in order: a sum of doubles on a GPU has no fixed order.
  std::vector<double> cumulative(items);
  std::partial_sum(drawn.probabilities().begin(), drawn.probabilities().end(),
                   cumulative.begin());
  for (double& c : cumulative) c /= cumulative.back();
  cumulative_ = to(device, cumulative, torch::kFloat64);
  std::vector<float> logs(items);
  for (int32_t i = 0; i < items; ++i) logs[i] = drawn.log_weight(i);
  log_weights_ = to(device, logs, torch::kFloat32);
}

at::Generator DeviceBatches::generator(const char* name, int64_t n) const {
  at::Generator out = at::globalContext().defaultGenerator(device_).clone();
  out.set_current_seed(
      Rng(options_.seed).stream(std::string("device ") + name, n).next() >> 1);
  return out;
}

Tensor DeviceBatches::chosen_rows(int64_t step) {
  const auto longs = torch::dtype(torch::kInt64).device(device_);
  if (options_.with_replacement)
    return at::randint(size_, {options_.batch_size}, generator("rows", step), longs);
  const int64_t per_epoch = ceil_div(size_, options_.batch_size), epoch = step / per_epoch;
  if (epoch != epoch_) order_ = at::randperm(size_, generator("epoch", epoch), longs);
  epoch_ = epoch;
  const int64_t first = step % per_epoch * options_.batch_size;
  return order_.slice(0, first, std::min(first + options_.batch_size, size_));
}

Tensor DeviceBatches::unknown(const Tensor& users, int64_t step) const {
  const Tensor u = users.to(torch::kInt64).unsqueeze(1);  // [B, 1]
  const Tensor begin = start_.index_select(0, u.view(-1)).view_as(u);
  const Tensor unknown = items_ - (start_.index_select(0, u.view(-1) + 1).view_as(u) - begin);
  const Tensor share = at::rand({u.size(0), options_.negatives}, generator("negatives", step),
                                torch::dtype(torch::kFloat64).device(device_));
  const Tensor r = at::minimum((share * unknown).to(torch::kInt64), unknown - 1);
  const Tensor end =
      at::searchsorted(keys_, u * (items_ + 1) + r, /*out_int32=*/false, /*right=*/true);
  return (r + end - begin).to(torch::kInt32);
}

Tensor DeviceBatches::drawn(at::IntArrayRef shape, int64_t step) const {
  const auto numbers = generator("negatives", step);
  if (!cumulative_.defined())
    return at::randint(items_, shape, numbers, torch::dtype(torch::kInt32).device(device_));
  // Not at::multinomial: it takes at most 2^24 items, and on a GPU its numbers have 24 bits.
  const Tensor share = at::rand(shape, numbers, torch::dtype(torch::kFloat64).device(device_));
  return at::searchsorted(cumulative_, share, /*out_int32=*/true, /*right=*/true);
}

void DeviceBatches::add_negatives(Batch& out, int64_t step) const {
  const int64_t size = out.users.numel();
  const bool uniform = options_.sampling == NegativeSampling::kUniform;
  if (!options_.shared && uniform) {
    out.negatives = unknown(out.users, step);
    return;
  }
  out.negatives = options_.sampling == NegativeSampling::kInBatch ? out.items
                  : options_.shared ? drawn({options_.negatives}, step)
                                    : drawn({size, options_.negatives}, step);
  if (log_weights_.defined())
    out.log_weights = log_weights_.index_select(0, out.negatives.view(-1)).view_as(out.negatives);
  const Tensor j = out.negatives.to(torch::kInt64);
  const Tensor pairs = out.users.to(torch::kInt64).unsqueeze(1) * items_ + j;  // [B, N]
  const Tensor at = at::searchsorted(pairs_, pairs).clamp_max(pairs_.numel() - 1);
  const Tensor known = pairs_.index_select(0, at.view(-1)).view_as(pairs).eq(pairs)
                           .logical_or(out.items.unsqueeze(1).eq(out.negatives));
  // Not a list of those left out, as the Sampler makes it: its length would have to come back.
  const Tensor weights = out.log_weights.defined()
                             ? out.log_weights
                             : torch::zeros({1}, torch::dtype(torch::kFloat32).device(device_));
  out.log_weights = weights.expand_as(known).masked_fill(
      known, -std::numeric_limits<float>::infinity());  // [B, N]
}

void DeviceBatches::add_scale(Batch& out, int64_t step) const {
  const Tensor share = at::rand({out.users.numel(), options_.factors},
                                generator("user dropout", step), torch::dtype(torch::kFloat32)
                                .device(device_));
  out.user_scale = share.ge(options_.dropout).to(torch::kFloat32) / (1 - options_.dropout);
}

Batch DeviceBatches::get(int64_t step) {
  const torch::NoGradGuard no_grad;
  const Tensor rows = chosen_rows(step);
  Batch out{users_.index_select(0, rows), items_of_rows_.index_select(0, rows), {}, {}};
  if (ratings_.defined()) out.ratings = ratings_.index_select(0, rows);
  if (keys_.defined() && (options_.negatives > 0 || options_.shared)) add_negatives(out, step);
  if (options_.dropout > 0) add_scale(out, step);
  return out;
}

void prefer_fixed_order(const torch::Device& device) {
  if (device.is_cpu()) return;
  // cuBLAS reads it when a thread first multiplies; with it, products repeat their bits.
  ::setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
  at::globalContext().setDeterministicFillUninitializedMemory(false);  // a pass over each result
}

}  // namespace latent
