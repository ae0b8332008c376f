#include "src/train/trainer.h"

#include <chrono>
#include <cmath>
#include <limits>

#include "models/objective.h"
#include "src/base/error.h"
#include "src/base/interrupt.h"
#include "src/base/log.h"
#include "src/train/optimizer.h"

namespace latent {

namespace {

using nlohmann::json;
using torch::Tensor;
using Clock = std::chrono::steady_clock;

/// Plain arrays as tensors on the device; on the CPU they share the arrays' memory.
Batch to_device(SampleBatch& samples, const torch::Device& device) {
  const auto wrap = [&](auto& values, torch::Dtype type) {
    if (values.empty()) return Tensor();
    const Tensor t = torch::from_blob(values.data(), {static_cast<int64_t>(values.size())}, type);
    return device.is_cpu() ? t : t.to(device);
  };
  return {wrap(samples.users, torch::kInt32), wrap(samples.items, torch::kInt32),
          wrap(samples.ratings, torch::kFloat32), wrap(samples.negatives, torch::kInt32)};
}

double penalty(RecommenderImpl& model) {
  double sum = 0;
  for (const Penalty& p : model.penalties()) {
    if (p.coefficient != 0) sum += p.coefficient * sum_of_squares(p.table);
  }
  return sum;
}

void copy_into(const NamedTensors& from, const std::string& prefix, const std::string& name,
               Tensor to) {
  const torch::NoGradGuard no_grad;
  for (const auto& [key, tensor] : from) {
    if (key == prefix + name) {
      if (tensor.sizes() != to.sizes())
        throw Error("the checkpoint's table '" + name +
                    "' has another shape than the model's; was the data changed?");
      to.copy_(tensor);
      return;
    }
  }
  throw Error("the checkpoint has no table '" + prefix + name + "'");
}

class Training {
 public:
  Training(const TrainJob& job, const std::optional<Checkpoint>& from)
      : job_(job), optimizer_(job.model, optimizer_kind(job.options.optimizer), job.options.lr) {
    if (job_.monitor) best_value_ = job_.monitor->higher_is_better ? -kInfinity : kInfinity;
    if (from) restore(*from);
  }

  TrainSummary run() {
    const InterruptGuard interrupts;
    Progress progress("training", job_.steps, "steps");
    start_ = Clock::now();
    while (done_ < job_.steps && !stopped_early_) {
      const double objective = step();
      ++done_;
      nlohmann::ordered_json line = {{"step", done_}, {"objective", objective}};
      if (job_.monitor && (done_ % job_.monitor->every == 0 || done_ == job_.steps)) validate(line);
      line["seconds"] = seconds();
      if (job_.log) job_.log(line);
      char note[40];
      std::snprintf(note, sizeof note, "objective %.5g", objective);
      progress.update(done_, note);
      const bool last = done_ == job_.steps || stopped_early_;
      if (!last && job_.checkpoint_every > 0 && done_ % job_.checkpoint_every == 0) checkpoint();
      if (const int signal = InterruptGuard::received(); signal != 0 && !last) stop_for(signal);
    }
    require_finite_tables();
    const double total = seconds();
    seconds_before_ = total;
    start_ = Clock::now();
    checkpoint();
    if (job_.monitor) put_best_back();
    return {done_, best_step_, total, objective_, stopped_early_};
  }

 private:
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  double seconds() const {
    return seconds_before_ + std::chrono::duration<double>(Clock::now() - start_).count();
  }

  double step() {
    job_.sampler.draw(done_, samples_);
    const Batch batch = to_device(samples_, job_.device);
    optimizer_.zero_grad();
    const Tensor loss = job_.model.data_loss(batch);
    objective_ = loss.item<double>() + penalty(job_.model);
    if (!std::isfinite(objective_)) {
      throw Error("step " + std::to_string(done_ + 1) + ": the objective is not finite (" +
                  std::to_string(objective_) + "); lower train.lr (now " +
                  json(job_.options.lr).dump() + ") or check the ratings");
    }
    loss.backward();
    optimizer_.step();
    return objective_;
  }

  /// The last update is followed by no objective that would show it.
  void require_finite_tables() const {
    for (const auto& p : job_.model.named_parameters()) {
      if (!std::isfinite(sum_of_squares(p.value()))) {
        throw Error("after step " + std::to_string(done_) + ": '" + p.key() +
                    "' is not finite; lower train.lr (now " + json(job_.options.lr).dump() + ")");
      }
    }
  }

  void validate(nlohmann::ordered_json& line) {
    const Monitor& monitor = *job_.monitor;
    const double value = monitor.measure();
    line["valid_" + monitor.name] = value;
    if (monitor.higher_is_better ? value > best_value_ : value < best_value_) {
      best_value_ = value;
      best_step_ = done_;
      since_best_ = 0;
      best_.clear();
      for (const auto& p : job_.model.named_parameters())
        best_.emplace_back(p.key(), p.value().detach().clone());
    } else if (++since_best_ >= monitor.patience) {
      stopped_early_ = true;
    }
  }

  void put_best_back() {
    if (best_step_ < 0)
      throw Error("validation metric '" + job_.monitor->name +
                  "' was never a number; choose another train.monitor");
    for (const auto& p : job_.model.named_parameters()) copy_into(best_, "", p.key(), p.value());
  }

  void checkpoint() const {
    if (job_.checkpoints == nullptr) return;
    Checkpoint out;
    out.state = {{"step", done_},
                 {"seconds", seconds()},
                 {"objective", objective_},
                 {"stopped_early", stopped_early_}};
    if (job_.monitor && best_step_ >= 0) {
      out.state["best"] = {{"step", best_step_}, {"value", best_value_}, {"since", since_best_}};
    }
    for (const auto& p : job_.model.named_parameters())
      out.tensors.emplace_back("model." + p.key(), p.value());
    for (const auto& [name, tensor] : optimizer_.state())
      out.tensors.emplace_back("optimizer." + name, tensor);
    for (const auto& [name, tensor] : best_) out.tensors.emplace_back("best." + name, tensor);
    job_.checkpoints->save(done_, out);
  }

  void restore(const Checkpoint& from) {
    done_ = from.state.at("step");
    seconds_before_ = from.state.at("seconds");
    objective_ = from.state.at("objective");
    stopped_early_ = from.state.at("stopped_early");
    optimizer_.set_steps_done(done_);
    for (const auto& p : job_.model.named_parameters())
      copy_into(from.tensors, "model.", p.key(), p.value());
    for (const auto& [name, tensor] : optimizer_.state())
      copy_into(from.tensors, "optimizer.", name, tensor);
    if (!job_.monitor || !from.state.contains("best")) return;
    best_step_ = from.state["best"].at("step");
    best_value_ = from.state["best"].at("value");
    since_best_ = from.state["best"].at("since");
    stopped_early_ =
        since_best_ >= job_.monitor->patience;  // the patience may have been raised since
    for (const auto& p : job_.model.named_parameters()) {
      Tensor kept = torch::empty_like(p.value());
      copy_into(from.tensors, "best.", p.key(), kept);
      best_.emplace_back(p.key(), kept);
    }
  }

  [[noreturn]] void stop_for(int signal) {
    seconds_before_ = seconds();
    start_ = Clock::now();
    checkpoint();
    throw Interrupted(signal, "interrupted after step " + std::to_string(done_) + " of " +
                                  std::to_string(job_.steps) +
                                  "; checkpoint written. Go on with: " +
                                  (job_.resume_command ? job_.resume_command() : ""));
  }

  const TrainJob& job_;
  Optimizer optimizer_;
  SampleBatch samples_;
  int64_t done_ = 0, best_step_ = -1, since_best_ = 0;
  double seconds_before_ = 0, objective_ = 0, best_value_ = 0;
  bool stopped_early_ = false;
  NamedTensors best_;
  Clock::time_point start_;
};

}  // namespace

TrainSummary train(const TrainJob& job, const std::optional<Checkpoint>& from) {
  return Training(job, from).run();
}

torch::Device resolve_device(const std::string& name) {
  const bool have = torch::cuda::is_available();
  if (name == "cpu" || (name == "auto" && !have)) return torch::kCPU;
  if (!have)
    throw Error("train.device = " + name +
                ", but this machine or this build of LibTorch has no usable GPU; use cpu or auto");
  const int64_t index = name.rfind("cuda:", 0) == 0 ? std::stoll(name.substr(5)) : 0;
  if (index >= static_cast<int64_t>(torch::cuda::device_count())) {
    throw Error("train.device = " + name + ", but there are only " +
                std::to_string(torch::cuda::device_count()) + " GPUs (the first is cuda:0)");
  }
  return torch::Device(torch::kCUDA, static_cast<int8_t>(index));
}

}  // namespace latent
