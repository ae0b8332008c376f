#include "src/train/gradient_steps.h"

#include <cmath>

namespace latent {

namespace {

using torch::Tensor;

/// Plain arrays as tensors on the device; on the CPU they share the arrays' memory.
Batch to_device(SampleBatch& samples, const torch::Device& device) {
  const auto wrap = [&](auto& values, torch::Dtype type) {
    if (values.empty()) return Tensor();
    const Tensor t = torch::from_blob(values.data(), {static_cast<int64_t>(values.size())}, type);
    return device.is_cpu() ? t : t.to(device);
  };
  return {wrap(samples.users, torch::kInt32), wrap(samples.items, torch::kInt32),
          wrap(samples.ratings, torch::kFloat32), wrap(samples.negatives, torch::kInt32),
          wrap(samples.sorted_items, torch::kInt32), wrap(samples.item_order, torch::kInt32),
          samples.item_shift};
}

}  // namespace

GradientSteps::GradientSteps(RecommenderImpl& model, Sampler& sampler, const TrainOptions& options,
                             torch::Device device)
    : model_(model),
      options_(options),
      device_(device),
      optimizer_(model, optimizer_kind(options.optimizer), options.lr),
      batches_(sampler, /*sorted=*/device.is_cpu(), /*ahead=*/options.threads != 1) {}

StepReport GradientSteps::step(int64_t done) {
  const Batch batch = to_device(batches_.get(done), device_);
  const Tensor loss = model_.data_loss(batch);
  const double objective = loss.item<double>() + optimizer_.penalty();
  if (!std::isfinite(objective)) return {objective, {}, {}};
  loss.backward();
  optimizer_.step();
  return {objective, {}, {}};
}

void GradientSteps::save(Checkpoint& out) const {
  for (const auto& [name, tensor] : optimizer_.state())
    out.tensors.emplace_back("optimizer." + name, tensor);
}

void GradientSteps::restore(const Checkpoint& from) {
  optimizer_.set_steps_done(from.state.at("step"));
  for (const auto& [name, tensor] : optimizer_.state())
    copy_named(from.tensors, "optimizer." + name, tensor);
}

std::string GradientSteps::remedy() const {
  return "lower train.lr (now " + nlohmann::json(options_.lr).dump() + ")";
}

}  // namespace latent
