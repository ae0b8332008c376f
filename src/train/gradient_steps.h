// Steps by autograd: draw a batch, differentiate its loss, let the optimizer move the tables.
#pragma once

#include <optional>

#include "models/recommender.h"
#include "src/config/options.h"
#include "src/sampling/batch_source.h"
#include "src/train/device_batches.h"
#include "src/train/optimizer.h"
#include "src/train/stepper.h"

namespace latent {

class GradientSteps : public Stepper {
 public:
  /// Keeps references.
  /// On a GPU, batches are drawn there and the objective is
  /// read only every train.log_every steps: reading it makes the host wait.
  GradientSteps(RecommenderImpl& model, Sampler& sampler, const TrainOptions& options,
                torch::Device device);

  StepReport step(int64_t done) override;
  void save(Checkpoint& out) const override;
  void restore(const Checkpoint& from) override;
  std::string remedy() const override;

 private:
  RecommenderImpl& model_;
  const TrainOptions& options_;
  torch::Device device_;
  Optimizer optimizer_;
  std::optional<BatchSource> batches_;          // of the CPU
  std::optional<DeviceBatches> device_batches_;  // of a GPU
};

}  // namespace latent
