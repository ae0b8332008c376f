#include "src/config/memory_needed.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "src/base/error.h"
#include "src/base/memory.h"
#include "src/config/auto_values.h"
#include "src/config/catalog.h"
#include "src/config/mf_settings.h"

namespace latent {

namespace {

std::string named(const std::string& knob, int64_t value) {
  return knob + " = " + std::to_string(value);
}

/// Bytes of each of a table's numbers while it is trained: itself, its gradient, the optimizer's
/// state; and the best so far of early stopping.
double bytes_each(const RunConfig& config, const ModelInfo& model) {
  const double width = model.in_double(config) ? sizeof(double) : sizeof(float);
  if (!has_steps(model)) return width;
  const std::string& optimizer = config.train.optimizer;
  const int trained = model.trained == Trained::kBySolver ? 2
                      : optimizer == "sgd"                ? 2
                      : optimizer == "adagrad"            ? 3
                                                          : 4;
  const int tables = config.train.patience > 0 ? 2 : 1;
  return (trained - 1 + tables) * width -
         (in_bfloat16(config) ? tables * (sizeof(float) - sizeof(uint16_t)) : 0);
}

MemoryNeed tables(const RunConfig& config, const ModelInfo& model, int64_t users, int64_t items) {
  MemoryNeed out;
  const auto factors = static_cast<double>(model.has_factors ? config.model.factors : 0);
  double rows = static_cast<double>(users) + static_cast<double>(items);
  if (model.name == "svdpp") rows += static_cast<double>(items);  // those of who rated what
  out.bytes = rows * (factors + 1) * bytes_each(config, model);
  // The solvers of least squares and of draws work on products of factors.
  if (model.name == "ials" || model.name == "bayesian_mf") out.bytes += factors * factors * 8;
  out.knobs = model.has_factors ? named("model.factors", config.model.factors)
                                : "model.name = " + model.name;
  out.what = "tables of " + std::to_string(users) + " users and " + std::to_string(items) +
             " items";
  return out;
}

MemoryNeed batches(const RunConfig& config, const ModelInfo& model, int64_t users, int64_t items,
                   int64_t rows) {
  constexpr double kRated = 40, kPaired = 56;        // ids, ratings, their order, the loss
  constexpr double kSharedNegative = 4, kOwnNegative = 30;  // its score and weight, its place
  const int64_t batch = batch_size_of(config.train, rows);
  MemoryNeed out{named("train.batch_size", batch), "batches", 0};
  const bool passes = config.train.epochs > 0;  // a batch is no larger than a pass
  const auto size = static_cast<double>(passes ? std::min(batch, rows) : batch);
  if (model.name == "elsa") {
    const auto most = static_cast<double>(std::min(batch, users));  // of users
    out.bytes = most * static_cast<double>(items) * sizeof(float);
    return out;
  }
  if (model.trained != Trained::kByGradient) return out;
  out.bytes = size * (model.negatives == Negatives::kOne ? kPaired : kRated);
  if (model.negatives != Negatives::kMany || !has_negatives(config.mf) ||
      config.train.negative_sampling == "in_batch")
    return out;
  const bool shared = shares_negatives(config.train);
  out.bytes += size * static_cast<double>(config.train.negatives) *
               (shared ? kSharedNegative : kOwnNegative);
  out.knobs += " and " + named("train.negatives", config.train.negatives);
  return out;
}

double sum_of(const std::vector<MemoryNeed>& needs) {
  return std::accumulate(needs.begin(), needs.end(), 0.0,
                         [](double sum, const MemoryNeed& need) { return sum + need.bytes; });
}

}  // namespace

std::vector<MemoryNeed> memory_needed(const RunConfig& config, int64_t users, int64_t items,
                                      int64_t rows) {
  const ModelInfo& model = model_info(config.model.name);
  return {tables(config, model, users, items), batches(config, model, users, items, rows)};
}

void require_memory(const RunConfig& config, int64_t users, int64_t items, int64_t rows,
                    int64_t available) {
  const std::vector<MemoryNeed> needs = memory_needed(config, users, items, rows);
  const double all = sum_of(needs);
  if (all <= static_cast<double>(available)) return;
  const auto most = std::ranges::max_element(needs, {}, &MemoryNeed::bytes);
  throw Error(most->knobs + ": its " + most->what + " need " + memory_text(most->bytes) +
              (all > most->bytes * 1.01 ? " of memory (all: " + memory_text(all) + ")"
                                        : " of memory") +
              ", and " + memory_text(static_cast<double>(available)) + " are free; lower it");
}

void require_memory_for_jobs(const std::vector<const RunConfig*>& configs, int jobs, int64_t users,
                             int64_t items, int64_t rows, int64_t available) {
  const auto free = static_cast<double>(available);
  std::vector<double> needs;
  for (const RunConfig* config : configs) {
    const double need = sum_of(memory_needed(*config, users, items, rows));
    if (need <= free) needs.push_back(need);
  }
  std::ranges::sort(needs, std::greater());
  needs.resize(std::min(needs.size(), static_cast<size_t>(std::max(1, jobs))));
  const double all = std::accumulate(needs.begin(), needs.end(), 0.0);
  if (all <= free) return;
  size_t fit = 0;
  for (double sum = 0; fit < needs.size() && sum + needs[fit] <= free; ++fit) sum += needs[fit];
  throw Error("--jobs " + std::to_string(jobs) + ": so many trainings at a time need " +
              memory_text(all) + " of memory, and " + memory_text(free) +
              " are free; --jobs " + std::to_string(fit) + " fits");
}

}  // namespace latent
