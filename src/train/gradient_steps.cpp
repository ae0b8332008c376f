#include "src/train/gradient_steps.h"

#include <algorithm>
#include <cmath>

#include "models/device_code.h"
#include "src/base/error.h"
#include "src/base/parallel.h"
#include "src/config/auto_values.h"
#include "src/config/catalog.h"
#include "src/config/mf_settings.h"
#include "src/train/fused_loss.h"
#include "src/train/module_view.h"
#include "src/train/solver_steps.h"
#include "src/train/thresholds.h"

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

SamplerOptions sampler_options(const RunConfig& config, int64_t rows) {
  const TrainOptions& train = config.train;
  const bool blocks = in_blocks(config);
  SamplerOptions out{batch_size_of(train, rows), train.epochs == 0 && !blocks,
                     static_cast<uint64_t>(train.seed), drawing_threads(train)};
  if (blocks) out.blocks.emplace();
  if (model_info(config.model.name).negatives != Negatives::kMany) return out;
  out.dropout = train.user_dropout;
  out.factors = config.model.factors;
  out.negatives = 0;
  if (!has_negatives(config.mf)) return out;
  const std::string& sampling = train.negative_sampling;
  out.sampling = sampling == "popularity" ? NegativeSampling::kPopularity
                 : sampling == "in_batch" ? NegativeSampling::kInBatch
                                          : NegativeSampling::kUniform;
  out.popularity_power = train.popularity_power;
  out.shared = shares_negatives(train);
  if (out.sampling != NegativeSampling::kInBatch) out.negatives = train.negatives;
  return out;
}

std::optional<RankRows> shared_rows(const GradientModelImpl& model, const FitContext& fit) {
  if (fit.peers.alone()) return std::nullopt;
  return RankRows(model, fit.rows, fit.peers, fit.config.dist.items == "sharded");
}

}  // namespace

GradientSteps::GradientSteps(const FitContext& fit)
    : model_(dynamic_cast<GradientModelImpl&>(fit.model)),
      mf_(dynamic_cast<MfImpl*>(&fit.model)),
      config_(fit.config),
      options_(fit.config.train),
      device_(fit.device),
      sampler_(fit.rows, sampler_options(fit.config, fit.rows.size()), fit.known, fit.items()),
      ranks_(shared_rows(model_, fit)),
      optimizer_(model_, optimizer_kind(options_.optimizer), options_.lr, users(),
                 ranks_ ? ranks_->owned_items() : OwnedRows()),
      fused_(!by_operators(fit.device) && can_fuse(model_)) {
  if (in_blocks(config_) && by_operators(device_))
    throw Error("train.order = blocks is for the CPU (a GPU has all rows in its memory); set "
                "train.device = cpu, or train.order = random");
  prefer_fixed_order(device_);
  TORCH_CHECK(!model_.spec().in_bfloat16 || !by_operators(device_),
              "tables in bfloat16 are trained by the CPU's kernels");
  if (!by_operators(device_)) {
    const bool ahead = options_.threads != 1 && hardware_threads() > 2;
    batches_.emplace(sampler_, /*sorted=*/true, ahead);
    if (mf_ != nullptr && has_negatives(config_.mf)) many_negatives_.emplace(*mf_);
  } else {
    device_batches_.emplace(fit.rows, sampler_.options(), fit.known, fit.items(), device_);
  }
}

bool GradientSteps::measure(StepReport& report, double loss) {
  report.objective = loss + optimizer_.penalty();
  return std::isfinite(report.objective);
}

/// Every mf.refresh passes; until the first time they are 0.
void GradientSteps::refresh_thresholds(int64_t done) {
  if (mf_ == nullptr || !mf_->thresholds().defined() || done == 0 ||
      done % (config_.mf.refresh * steps_per_pass()) != 0)
    return;
  gather_items();
  const ModuleView view(*mf_);
  RandomStream stream = Rng(sampler_.options().seed).stream("thresholds", done);
  std::vector<int32_t> drawn(options_.negatives);
  for (int32_t& j : drawn) j = static_cast<int32_t>(stream.below(sampler_.items()));
  const std::vector<float> values =
      kth_scores(view.view(), *sampler_.known(), drawn, config_.mf.at_k, users());
  const torch::NoGradGuard no_grad;
  mf_->thresholds().copy_(torch::tensor(values));
}

StepReport GradientSteps::step(int64_t done, bool last) {
  try {
    refresh_thresholds(done);
    const OrderedBatch batch =
        batches_ ? wrapped(batches_->get(done)) : OrderedBatch(device_batches_->get(done));
    BatchOwners owners;
    if (ranks_) {
      ranks_->users().tidy(optimizer_.users_memory());
      if (ranks_->items() != nullptr) ranks_->items()->tidy(optimizer_.items_memory());
      if (fused_ && ranks_->items() != nullptr) {
        ranks_->bring_for_pairs(batch);
      } else {
        ranks_->bring(batch);
      }
      owners = {samples_of(batch, ranks_->owned_users()), places_of(batch, ranks_->owned_items())};
    }
    StepReport report;
    report.measured = !by_operators(device_) || done % options_.log_every == 0 || last;
    if (many_negatives_) {
      if (!measure(report, many_negatives_->value(batch, owners))) return report;
      many_negatives_->backward();
    } else if (fused_) {
      const FusedLoss loss(model_, batch, owners);
      if (!measure(report, loss.value())) return report;
      loss.backward();
    } else {
      const Tensor loss = model_.data_loss(batch);
      if (report.measured && !measure(report, loss.item<double>())) return report;
      loss.backward();
    }
    optimizer_.step(batch);
    return report;
  } catch (const c10::OutOfMemoryError&) {
    throw Error("out of the GPU's memory in step " + std::to_string(done + 1) +
                "; lower train.batch_size (now " + std::to_string(samples_per_step()) +
                ") or model.factors, or set train.device to cpu");
  }
}

void GradientSteps::collect() {
  if (!ranks_) return;
  ranks_->users().collect();
  if (ranks_->items() != nullptr) ranks_->items()->collect();
}

void GradientSteps::collect_state() {
  if (!ranks_) return;
  ranks_->users().collect_also(optimizer_.users_state());
  if (ranks_->items() != nullptr) ranks_->items()->collect_also(optimizer_.items_state());
}

void GradientSteps::gather_items() {
  // A view of factors in bfloat16 takes the memory of whole gradients (ModuleView).
  if (ranks_) ranks_->users().has_strangers();
  if (ranks_ && ranks_->items() != nullptr) ranks_->items()->gather();
}

OwnedRows GradientSteps::owners(const Tensor& parameter) const {
  return ranks_ ? ranks_->owners_of(parameter) : OwnedRows();
}

void GradientSteps::save(Checkpoint& out) const {
  for (const auto& [name, tensor] : optimizer_.state())
    out.tensors.emplace_back("optimizer." + name, tensor);
  if (mf_ != nullptr && mf_->thresholds().defined())
    out.tensors.emplace_back("thresholds", mf_->thresholds());
}

void GradientSteps::restore(const Checkpoint& from) {
  optimizer_.set_steps_done(from.state.at("step"));
  for (const auto& [name, tensor] : optimizer_.state())
    copy_named(from.tensors, "optimizer." + name, tensor);
  if (ranks_) ranks_->users().has_strangers();
  if (ranks_ && ranks_->items() != nullptr) ranks_->items()->has_strangers();
  if (mf_ != nullptr && mf_->thresholds().defined())
    copy_named(from.tensors, "thresholds", mf_->thresholds());
}

std::string GradientSteps::remedy() const { return lower_rate(options_); }

}  // namespace latent
