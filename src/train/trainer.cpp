#include "src/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "src/base/error.h"
#include "src/base/interrupt.h"
#include "src/base/log.h"
#include "src/train/optimizer.h"
#include "src/train/shared_rows.h"

namespace latent {

namespace {

using torch::Tensor;
using Clock = std::chrono::steady_clock;

class Training {
 public:
  Training(const TrainJob& job, const std::optional<Checkpoint>& from) : job_(job) {
    if (job_.monitor) best_value_ = job_.monitor->higher_is_better ? -kInfinity : kInfinity;
    if (from) {
      restore(*from);
    } else {
      job_.stepper.start();
    }
  }

  TrainSummary run() {
    const InterruptGuard interrupts;
    std::optional<Progress> progress;
    if (!job_.quiet) progress.emplace("training", job_.steps, job_.unit + "s");
    start_ = saved_at_ = now();
    while (done_ < job_.steps && !stopped_early_) {
      const StepReport report = job_.stepper.step(done_, done_ + 1 == job_.steps);
      ++done_;
      if (report.measured) report_ = report;
      if (!std::isfinite(report_.objective)) {
        throw Error(job_.unit + " " + std::to_string(done_) + ": the objective is not finite (" +
                    std::to_string(report_.objective) + "); " + job_.stepper.remedy() +
                    " or check the ratings");
      }
      nlohmann::ordered_json line = {{"step", done_}};
      if (report.measured) line["objective"] = report_.objective;
      if (report_.figures.is_object()) line.update(report_.figures);
      if (job_.monitor && (done_ % job_.monitor->every == 0 || done_ == job_.steps)) validate(line);
      line["seconds"] = seconds();
      if (job_.log && line.size() > 2) job_.log(line);
      if (progress && progress->due(done_)) progress->update(done_, note());
      const bool last = done_ == job_.steps || stopped_early_;
      const Wish wish = agreed(last);
      if (wish.checkpoint) checkpoint();
      if (wish.signal != 0 && !last) stop_for(wish.signal);
    }
    const double total = seconds();
    seconds_before_ = total;
    start_ = now();
    checkpoint();
    if (job_.monitor) put_best_back();
    job_.stepper.gather_items();
    return {done_, best_step_, total, report_.objective, stopped_early_, report_.figures,
            job_.samples_per_step};
  }

 private:
  /// For the progress line: what was measured last, the validation first.
  std::string note() const {
    char objective[40], valid[120] = "";
    std::snprintf(objective, sizeof objective, "objective %.5g", report_.objective);
    if (last_value_ && best_step_ >= 0)
      std::snprintf(valid, sizeof valid, "valid %s %.5g (best %.5g), ",
                    job_.monitor->name.c_str(), *last_value_, best_value_);
    return valid + (report_.note.empty() ? std::string(objective) : report_.note);
  }

  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  double now() const {
    if (job_.clock) return job_.clock();
    return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
  }

  struct Wish {
    bool checkpoint;
    int signal;
  };
  /// A signal to any rank is one to all; when checkpoints are due is for the first to say.
  Wish agreed(bool last) const {
    const Wish own{!last && wants_checkpoint(), InterruptGuard::received()};
    if (job_.peers.alone()) return own;
    const std::vector<int64_t> all = job_.peers.gather(2 * own.signal + (own.checkpoint ? 1 : 0));
    return {all[0] % 2 != 0, static_cast<int>(*std::ranges::max_element(all) / 2)};
  }

  double seconds() const { return seconds_before_ + now() - start_; }

  bool wants_checkpoint() const {
    if (job_.checkpoint_every > 0 && done_ % job_.checkpoint_every == 0) return true;
    return job_.checkpoints != nullptr && job_.checkpoint_seconds > 0 &&
           now() - saved_at_ >= job_.checkpoint_seconds;
  }

  /// The module's tables as they stand; they may have gone wrong in the last update, which no
  /// objective shows yet.
  void sync_tables() const {
    job_.stepper.sync();
    for (const auto& p : job_.model.named_parameters()) {
      if (!std::isfinite(sum_of_squares(p.value()))) {
        throw Error("after " + job_.unit + " " + std::to_string(done_) + ": '" + p.key() +
                    "' is not finite; " + job_.stepper.remedy());
      }
    }
  }

  void validate(nlohmann::ordered_json& line) {
    const Monitor& monitor = *job_.monitor;
    sync_tables();
    job_.stepper.gather_items();
    double value = monitor.measure();
    job_.peers.broadcast(&value, sizeof value);
    line["valid_" + monitor.name] = value;
    last_value_ = value;
    if (monitor.higher_is_better ? value > best_value_ : value < best_value_) {
      best_value_ = value;
      best_step_ = done_;
      since_best_ = 0;
      best_.clear();
      for (const auto& p : job_.model.named_parameters()) keep_best(p.key(), p.value(), p.value());
    } else if (++since_best_ >= monitor.patience) {
      stopped_early_ = true;
    }
  }

  /// Each rank keeps what is its own, the first one what is everybody's too.
  void keep_best(const std::string& name, const Tensor& parameter, const Tensor& values) {
    const OwnedRows owners = job_.stepper.owners(parameter);
    if (owners.shared() || job_.peers.first())
      best_.emplace_back(name, copy_of_own(values, owners));
  }

  void put_best_back() {
    if (best_step_ < 0)
      throw Error("validation metric '" + job_.monitor->name +
                  "' was never a number; choose another train.monitor");
    const torch::NoGradGuard no_grad;
    for (const auto& p : job_.model.named_parameters()) {
      Tensor w = p.value();
      const OwnedRows owners = job_.stepper.owners(w);
      const auto kept = std::ranges::find(best_, p.key(), &NamedTensors::value_type::first);
      if (owners.shared()) {
        const auto [begin, end] = owners.own();
        w.narrow(0, begin, end - begin).copy_(kept->second.narrow(0, begin, end - begin));
      } else {
        if (job_.peers.first()) w.copy_(kept->second);
        job_.peers.broadcast(w.data_ptr(), static_cast<int64_t>(w.nbytes()));
      }
    }
  }

  void checkpoint() {
    sync_tables();
    if (!job_.peers.alone()) {
      job_.stepper.collect();
      job_.stepper.collect_state();
      for_shared_best([&](const Tensor& kept, const OwnedRows& owners) {
        const int64_t row = static_cast<int64_t>(kept.nbytes()) / kept.size(0);
        job_.peers.collect({kept.data_ptr(), row, pieces_of(owners.shares)});
      });
    }
    job_.peers.together([&] { write_checkpoint(); });
    for_shared_best([](const Tensor& kept, const OwnedRows& owners) { drop_others(kept, owners); });
    if (job_.checkpoints != nullptr) saved_at_ = now();
  }

  template <typename Fn>
  void for_shared_best(const Fn& fn) const {
    const auto parameters = job_.model.named_parameters();
    for (const auto& [name, kept] : best_) {
      const OwnedRows owners = job_.stepper.owners(parameters[name]);
      if (owners.shared()) fn(kept, owners);
    }
  }

  void write_checkpoint() const {
    if (job_.checkpoints == nullptr) return;
    Checkpoint out;
    out.state = {{"step", done_},
                 {"seconds", seconds()},
                 {"objective", report_.objective},
                 {"figures", report_.figures},
                 {"stopped_early", stopped_early_}};
    if (job_.monitor && best_step_ >= 0) {
      out.state["best"] = {{"step", best_step_}, {"value", best_value_}, {"since", since_best_}};
    }
    for (const auto& p : job_.model.named_parameters())
      out.tensors.emplace_back("model." + p.key(), p.value());
    job_.stepper.save(out);
    for (const auto& [name, tensor] : best_) out.tensors.emplace_back("best." + name, tensor);
    job_.checkpoints->save(done_, out);
  }

  void restore(const Checkpoint& from) {
    done_ = from.state.at("step");
    seconds_before_ = from.state.at("seconds");
    report_.objective = from.state.at("objective");
    report_.figures = from.state.value("figures", nlohmann::ordered_json());
    stopped_early_ = from.state.at("stopped_early");
    for (const auto& p : job_.model.named_parameters())
      copy_named(from.tensors, "model." + p.key(), p.value());
    job_.stepper.restore(from);
    if (!job_.monitor || !from.state.contains("best")) return;
    best_step_ = from.state["best"].at("step");
    best_value_ = from.state["best"].at("value");
    since_best_ = from.state["best"].at("since");
    stopped_early_ =
        since_best_ >= job_.monitor->patience;  // the patience may have been raised since
    for (const auto& p : job_.model.named_parameters()) {
      Tensor kept = torch::empty_like(p.value());
      copy_named(from.tensors, "best." + p.key(), kept);
      keep_best(p.key(), p.value(), kept);
    }
  }

  [[noreturn]] void stop_for(int signal) {
    seconds_before_ = seconds();
    start_ = now();
    checkpoint();
    const std::string where = "interrupted after " + job_.unit + " " + std::to_string(done_) +
                              " of " + std::to_string(job_.steps);
    if (!job_.peers.first()) throw Interrupted(signal, "");  // the first says it
    if (job_.checkpoints == nullptr) throw Interrupted(signal, where);
    throw Interrupted(signal, where + "; checkpoint written. Go on with: " + job_.resume_command());
  }

  const TrainJob& job_;
  int64_t done_ = 0, best_step_ = -1, since_best_ = 0;
  double seconds_before_ = 0, best_value_ = 0;
  double start_ = 0, saved_at_ = 0;  // of this part of the training, of its last checkpoint
  std::optional<double> last_value_;  // of the last validation
  StepReport report_;
  bool stopped_early_ = false;
  NamedTensors best_;
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
