// Steps by gradient: draw a batch, differentiate its loss, let the optimizer move the tables.
#pragma once

#include <optional>

#include "src/sampling/batch_source.h"
#include "src/train/device_batches.h"
#include "src/train/many_negatives_loss.h"
#include "src/train/optimizer.h"
#include "src/train/rank_rows.h"
#include "src/train/stepper.h"

namespace latent {

class GradientSteps : public Stepper {
 public:
  /// On a GPU, batches are drawn there and the objective is read only every train.log_every steps:
  /// reading it makes the host wait. On the CPU a loss that can be fused is (see FusedLoss and
  /// ManyNegativesLoss).
  explicit GradientSteps(const FitContext& fit);

  StepReport step(int64_t done, bool last) override;
  void collect() override;
  void gather_items() override;
  OwnedRows owners(const torch::Tensor& parameter) const override;
  OwnedRows users() const override { return ranks_ ? ranks_->owned_users() : OwnedRows(); }
  int64_t steps_per_pass() const override { return sampler_.batches_per_epoch(); }
  int64_t samples_per_step() const override { return sampler_.options().batch_size; }
  void save(Checkpoint& out) const override;
  void collect_state() override;
  void restore(const Checkpoint& from) override;
  std::string remedy() const override;

 private:
  bool measure(StepReport& report, double loss);
  void refresh_thresholds(int64_t done);

  GradientModelImpl& model_;
  MfImpl* mf_;  // null: another model
  const RunConfig& config_;
  const TrainOptions& options_;
  torch::Device device_;
  Sampler sampler_;
  std::optional<RankRows> ranks_;  // of several
  Optimizer optimizer_;
  bool fused_;
  std::optional<ManyNegativesLoss> many_negatives_;  // of the CPU
  std::optional<BatchSource> batches_;           // of the CPU
  std::optional<DeviceBatches> device_batches_;  // of a GPU
};

}  // namespace latent
