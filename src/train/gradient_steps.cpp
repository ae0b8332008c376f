#include "src/train/gradient_steps.h"

#include <algorithm>
#include <cmath>

#include "src/base/error.h"
#include "src/base/parallel.h"
#include "src/train/fused_loss.h"
#include "src/train/solver_steps.h"

namespace latent {

namespace {

using torch::Tensor;

/// Drawing a batch takes up to a third of the work of a step. Where it is done while the last batch
/// is worked on, it gets a quarter of the threads.
int drawing_threads(const TrainOptions& options) {
  const auto asked = static_cast<int>(options.threads);
  const int threads = asked > 0 ? asked : hardware_threads();
  return hardware_threads() > 2 ? std::max(1, threads / 4) : threads;
}

SamplerOptions sampler_options(const TrainOptions& options) {
  return {options.batch_size, options.epochs == 0, static_cast<uint64_t>(options.seed),
          drawing_threads(options)};
}

}  // namespace

GradientSteps::GradientSteps(const FitContext& fit)
    : model_(dynamic_cast<GradientModelImpl&>(fit.model)),
      options_(fit.config.train),
      device_(fit.device),
      sampler_(fit.rows, sampler_options(options_), fit.known, fit.items()),
      optimizer_(model_, optimizer_kind(options_.optimizer), options_.lr),
      fused_(can_fuse(model_)) {
  if (device_.is_cpu()) {
    const bool ahead = options_.threads != 1 && hardware_threads() > 2;
    batches_.emplace(sampler_, /*sorted=*/true, ahead);
  } else {
    device_batches_.emplace(fit.rows, sampler_.options(), fit.known, fit.items(), device_);
  }
}

StepReport GradientSteps::step(int64_t done, bool last) {
  try {
    const OrderedBatch batch =
        batches_ ? wrapped(batches_->get(done)) : OrderedBatch(device_batches_->get(done));
    StepReport report;
    report.measured = device_.is_cpu() || done % options_.log_every == 0 || last;
    const auto measure = [&](double loss) {
      report.objective = loss + optimizer_.penalty();
      return std::isfinite(report.objective);
    };
    if (fused_) {
      const FusedLoss loss(model_, batch);
      if (!measure(loss.value())) return report;
      loss.backward();
    } else {
      const Tensor loss = model_.data_loss(batch);
      if (report.measured && !measure(loss.item<double>())) return report;
      loss.backward();
    }
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

std::string GradientSteps::remedy() const { return lower_rate(options_); }

}  // namespace latent
