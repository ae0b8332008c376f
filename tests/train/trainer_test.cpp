// The loop's checkpoints, with a stepper that only counts and a clock that the test winds.
#include "src/train/trainer.h"

#include "models/registry.h"
#include "tests/support.h"

namespace latent {
namespace {

/// Adds 1 to alpha in every step, each of which takes `seconds` of `clock`.
class CountingStepper : public Stepper {
 public:
  CountingStepper(const torch::Tensor& alpha, double& clock, double seconds)
      : alpha_(alpha), clock_(clock), seconds_(seconds) {}
  StepReport step(int64_t, bool) override {
    const torch::NoGradGuard no_grad;
    alpha_.add_(1);
    clock_ += seconds_;
    return {1, {}, {}};
  }
  int64_t samples_per_step() const override { return 1; }
  std::string remedy() const override { return ""; }

 private:
  torch::Tensor alpha_;
  double& clock_;
  double seconds_;
};

/// Steps at which a training of 20 steps of a minute each writes a checkpoint.
std::vector<int64_t> checkpoints(int64_t every, double minutes) {
  const TemporaryFolder folder;
  ModelSpec spec;
  spec.users = spec.items = spec.factors = 1;
  const Recommender model = make_model("latent_factor", spec);
  double clock = 1000;
  CountingStepper stepper(model->tables().alpha, clock, 60);
  const CheckpointFolder kept{folder.path()};
  TrainJob job{*model, stepper, 20};
  job.quiet = true;
  job.checkpoint_every = every;
  job.checkpoint_seconds = 60 * minutes;
  job.checkpoints = &kept;
  job.clock = [&] { return clock; };
  std::vector<int64_t> steps;
  job.log = [&](const nlohmann::ordered_json&) {
    // A step's line comes before its checkpoint: the one seen here is of an earlier step.
    const auto newest = kept.newest();
    if (newest && (steps.empty() || steps.back() != newest->state.at("step")))
      steps.push_back(newest->state.at("step"));
  };
  const TrainSummary summary = train(job, std::nullopt);
  EXPECT_EQ(summary.seconds, 20 * 60);
  EXPECT_EQ(model->tables().alpha.item<float>(), 20);
  EXPECT_EQ(kept.newest()->state.at("step"), 20);
  return steps;
}

TEST(Trainer, WritesACheckpointAfterSoManyMinutes) {
  EXPECT_EQ(checkpoints(/*every=*/0, /*minutes=*/5), (std::vector<int64_t>{5, 10, 15}));
  EXPECT_EQ(checkpoints(0, 4.5), (std::vector<int64_t>{5, 10, 15}));
  EXPECT_EQ(checkpoints(0, 60), std::vector<int64_t>());
}

TEST(Trainer, WritesNoneByTimeWhereThatIsOff) {
  EXPECT_EQ(checkpoints(0, 0), std::vector<int64_t>());
  EXPECT_EQ(checkpoints(8, 0), (std::vector<int64_t>{8, 16}));
}

TEST(Trainer, CountsMinutesFromTheLastCheckpointOfEitherKind) {
  EXPECT_EQ(checkpoints(8, 5), (std::vector<int64_t>{5, 8, 13, 16}));
}

}  // namespace
}  // namespace latent
