#include "src/train/device_batches.h"

#include "src/base/parallel.h"

namespace latent {

using torch::Tensor;

namespace {

template <typename T>
Tensor to(torch::Device device, const std::vector<T>& values, torch::Dtype type) {
  return torch::from_blob(const_cast<T*>(values.data()), {static_cast<int64_t>(values.size())},
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
  std::vector<int64_t> keys;
  keys.reserve(known->item.size());
  for (int32_t u = 0; u < known->users(); ++u) {
    int64_t t = 0;
    for (const int32_t a : known->of(u)) keys.push_back(u * (items_ + 1) + a - t++);
  }
  keys_ = to(device, keys, torch::kInt64);
  start_ = to(device, known->start, torch::kInt64);
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

Tensor DeviceBatches::negatives(const Tensor& users, int64_t step) const {
  const Tensor u = users.to(torch::kInt64);
  const Tensor begin = start_.index_select(0, u);
  const Tensor unknown = items_ - (start_.index_select(0, u + 1) - begin);
  const Tensor share = at::rand({u.numel()}, generator("negatives", step),
                                torch::dtype(torch::kFloat64).device(device_));
  const Tensor r = at::minimum((share * unknown).to(torch::kInt64), unknown - 1);
  const Tensor end =
      at::searchsorted(keys_, u * (items_ + 1) + r, /*out_int32=*/false, /*right=*/true);
  return (r + end - begin).to(torch::kInt32);
}

Batch DeviceBatches::get(int64_t step) {
  const torch::NoGradGuard no_grad;
  const Tensor rows = chosen_rows(step);
  Batch out{users_.index_select(0, rows), items_of_rows_.index_select(0, rows), {}, {}};
  if (ratings_.defined()) out.ratings = ratings_.index_select(0, rows);
  if (keys_.defined()) out.negatives = negatives(out.users, step).unsqueeze(1);
  return out;
}

}  // namespace latent
