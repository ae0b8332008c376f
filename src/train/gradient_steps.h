// Steps by autograd: draw a batch, differentiate its loss, let the optimizer move the tables.
#pragma once

#include "models/recommender.h"
#include "src/config/options.h"
#include "src/sampling/batch_source.h"
#include "src/train/optimizer.h"
#include "src/train/stepper.h"

namespace latent {

class GradientSteps : public Stepper {
 public:
  /// Keeps references.
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
  BatchSource batches_;
};

}  // namespace latent
