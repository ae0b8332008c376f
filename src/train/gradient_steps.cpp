#include "src/train/gradient_steps.h"

#include <cmath>

#include "src/base/error.h"
#include "src/base/parallel.h"

namespace latent {

namespace {

using torch::Tensor;

/// Plain arrays as tensors that share their memory.
Batch wrapped(SampleBatch& samples) {
  const auto wrap = [&](auto& values, torch::Dtype type) {
    if (values.empty()) return Tensor();
    return torch::from_blob(values.data(), {static_cast<int64_t>(values.size())}, type);
  };
  return {wrap(samples.users, torch::kInt32),        wrap(samples.items, torch::kInt32),
          wrap(samples.ratings, torch::kFloat32),    wrap(samples.negatives, torch::kInt32),
          wrap(samples.sorted_items, torch::kInt32), wrap(samples.item_order, torch::kInt32),
          samples.item_shift};
}

}  // namespace

GradientSteps::GradientSteps(RecommenderImpl& model, Sampler& sampler, const TrainOptions& options,
                             torch::Device device)
    : model_(model),
      options_(options),
      device_(device),
      optimizer_(model, optimizer_kind(options.optimizer), options.lr) {
  if (device.is_cpu()) {
    batches_.emplace(sampler, /*sorted=*/true, /*ahead=*/options.threads != 1 && hardware_threads() > 2);
  } else {
    device_batches_.emplace(sampler.rows(), sampler.options(), sampler.known(), sampler.items(), device);
  }
}

StepReport GradientSteps::step(int64_t done) {
  try {
    const Batch batch = batches_ ? wrapped(batches_->get(done)) : device_batches_->get(done);
    const Tensor loss = model_.data_loss(batch);
    StepReport report;
    report.measured =
        device_.is_cpu() || done % options_.log_every == 0 || done + 1 == options_.steps;
    if (report.measured) {
      report.objective = loss.item<double>() + optimizer_.penalty();
      if (!std::isfinite(report.objective)) return report;
    }
    loss.backward();
    optimizer_.step(batch);
    return report;
  } catch (const c10::OutOfMemoryError&) {
    throw Error("out of the GPU's memory in step " + std::to_string(done + 1) +
                "; lower train.batch_size (now " + std::to_string(options_.batch_size) +
                ") or model.factors, or set train.device to cpu");
  }
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
