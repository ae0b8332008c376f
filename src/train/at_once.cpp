#include "src/train/at_once.h"

#include <stdexcept>

#include "models/item_models.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/solve/co_counts.h"
#include "src/solve/item_knn.h"

namespace latent {

namespace {

using torch::Tensor;

template <typename T>
Tensor copied(const std::vector<T>& values, torch::ScalarType type) {
  Tensor out = torch::empty({static_cast<int64_t>(values.size())}, type);
  std::copy(values.begin(), values.end(), out.data_ptr<T>());
  return out;
}

/// Into a table [I, 1].
void fill(const Tensor& table, const std::vector<float>& values) {
  std::copy(values.begin(), values.end(), table.data_ptr<float>());
}

int threads_of(const FitContext& fit) { return static_cast<int>(fit.config.train.threads); }

void fit_popularity(const FitContext& fit) {
  fill(fit.model.tables().beta_item, popularity(user_items(fit.rows, fit.users()), fit.items()));
}

void fit_item_mean(const FitContext& fit) {
  const ScoreTables t = fit.model.tables();
  const double mean = mean_rating(fit.rows);
  t.alpha.fill_(mean);
  fill(t.beta_item, item_offsets(fit.rows, mean, fit.items(), fit.config.item_mean.damping));
}

/// The model's weights beside the users' own items.
void set_weights(const FitContext& fit, const UserItems& pairs, ItemItemTables weights) {
  weights.history_start = copied(pairs.start, torch::kInt64);
  weights.history_item = copied(pairs.item, torch::kInt32);
  dynamic_cast<ItemItemImpl&>(fit.model).set(weights);
}

void fit_item_knn(const FitContext& fit) {
  const UserItems pairs = user_items(fit.rows, fit.users());
  const auto& knobs = fit.config.item_knn;
  const ItemRows rows = item_knn(pairs, fit.items(), {knobs.k, knobs.shrinkage}, threads_of(fit));
  set_weights(fit, pairs,
              {.history_start = {},
               .history_item = {},
               .start = copied(rows.start, torch::kInt64),
               .item = copied(rows.item, torch::kInt32),
               .weight = copied(rows.weight, torch::kFloat)});
}

void fit_ease(const FitContext& fit) {
  require_ease_memory(fit.items(), available_memory());
  const UserItems pairs = user_items(fit.rows, fit.users());
  const Tensor weights =
      ease_weights(pairs, fit.items(), fit.config.ease.lambda, threads_of(fit));
  set_weights(fit, pairs,
              {.history_start = {}, .history_item = {}, .start = {}, .item = {},
               .weight = weights});
}

struct Fit {
  const char* model;
  void (*fit)(const FitContext&);
};

constexpr Fit kFits[] = {
    {"popularity", fit_popularity},
    {"item_mean", fit_item_mean},
    {"item_knn", fit_item_knn},
    {"ease", fit_ease},
};

}  // namespace

void fit_at_once(const FitContext& fit) {
  const torch::NoGradGuard no_grad;
  for (const Fit& row : kFits) {
    if (fit.config.model.name == row.model) return row.fit(fit);
  }
  throw std::logic_error("nothing computes model '" + fit.config.model.name + "'");
}

Tensor ease_weights(const UserItems& pairs, int32_t items, double lambda, int threads) {
  Tensor work = torch::zeros({items, items});  // X'X, then its factor, P and B
  float* const gram = work.data_ptr<float>();
  for_each_co_counts(pairs, items, threads,
                     [&](int32_t i, std::span<const int32_t> touched, const int32_t* counts) {
                       float* const row = gram + int64_t{i} * items;
                       for (const int32_t j : touched) row[j] = static_cast<float>(counts[j]);
                     });
  work.diagonal().add_(lambda);
  work = at::linalg_cholesky(work);
  work = at::cholesky_inverse(work).mT().contiguous();  // symmetric, and laid out by column
  work.div_(work.diagonal().neg());
  work.fill_diagonal_(0);
  return work;
}

int64_t ease_memory(int64_t items) {
  constexpr int64_t kMatrices = 2;  // a step's result beside what it is made of
  return kMatrices * items * items * static_cast<int64_t>(sizeof(float));
}

void require_ease_memory(int64_t items, int64_t available) {
  const int64_t needed = ease_memory(items);
  if (needed <= available) return;
  throw Error("ease: " + std::to_string(items) + " items need " +
              memory_text(static_cast<double>(needed)) + " of memory, and " +
              memory_text(static_cast<double>(available)) +
              " are free; keep fewer items (data.min_item), or take another model, such as ials");
}

void tell_memory(const RunConfig& config, int64_t items) {
  if (config.model.name != "ease") return;
  const auto most = static_cast<double>(ease_memory(items));
  say("ease: " + std::to_string(items) + " items take " + memory_text(most) +
      " of memory while they are fitted, and " + memory_text(most / 2) + " after that");
}

}  // namespace latent
