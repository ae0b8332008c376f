#include "models/pair_score.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/chunked_sum.h"

namespace latent {

namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::tensor_list;

constexpr int64_t kAhead = 12;  // samples between a prefetch and its use
/// Batches below this many samples are done by one thread: waking others costs more, most of all on
/// a busy machine.
constexpr int64_t kGrain = 8192;

/// Eight partial sums: the compiler may use vectors without being allowed to reorder.
template <typename T>
inline T dot(const T* a, const T* b, int64_t k) {
  T acc[8] = {};
  int64_t n = 0;
  for (; n + 8 <= k; n += 8) {
    for (int lane = 0; lane < 8; ++lane) acc[lane] += a[n + lane] * b[n + lane];
  }
  T sum = ((acc[0] + acc[4]) + (acc[1] + acc[5])) + ((acc[2] + acc[6]) + (acc[3] + acc[7]));
  for (; n < k; ++n) sum += a[n] * b[n];
  return sum;
}

template <typename T>
const T* data_of(const Tensor& t) {
  return t.defined() ? t.const_data_ptr<T>() : nullptr;
}

/// The gradient table of `table`, zero when new.
template <typename T>
T* gradient_of(const Tensor& table) {
  if (!table.defined() || !table.requires_grad()) return nullptr;
  if (!table.grad().defined()) table.mutable_grad() = torch::zeros_like(table);
  return table.grad().data_ptr<T>();
}

/// Stripes of rows for each of the two sides.
int64_t stripes_for(int64_t batch) {
  return batch < kGrain ? 1 : std::max(1, at::get_num_threads() / 2);
}

void check_ids(const Tensor& ids) {
  TORCH_CHECK(ids.scalar_type() == torch::kInt32 && ids.is_contiguous(),
              "ids must be contiguous int32");
}

/// A stripe of rows has one owner, who goes through the whole batch and adds what falls into it: no
/// two threads meet, and each row's sum keeps the order of the batch. Adds weight[b] *
/// other[other_ids[b]] to the rows ids[b] of `out` that lie in [low, high), and weight[b] to
/// `bias`.
template <typename T>
void scatter(const int32_t* ids, const int32_t* other_ids, const T* weight, int64_t batch,
             const T* other, int64_t k, T* out, T* bias, int64_t low, int64_t high, T sign) {
  for (int64_t b = 0; b < batch; ++b) {
    if (b + kAhead < batch && k > 0) {
      const int64_t next = ids[b + kAhead];
      if (next >= low && next < high) {
        __builtin_prefetch(out + next * k, 1);
        __builtin_prefetch(other + int64_t{other_ids[b + kAhead]} * k);
      }
    }
    const int64_t row = ids[b];
    if (row < low || row >= high) continue;
    const T w = sign * weight[b];
    if (bias != nullptr) bias[row] += w;
    T* const to = out + row * k;
    const T* const from = other + int64_t{other_ids[b]} * k;
    for (int64_t n = 0; n < k; ++n) to[n] += w * from[n];
  }
}

struct PairScores : Function<PairScores> {
  /// One table stands for all in the graph, since autograd knows no absent inputs; all are leaves,
  /// kept as they are.
  static Tensor forward(AutogradContext* context, const Tensor& beta_item,
                        const ScoreTables& tables, const Tensor& users, const Tensor& items) {
    check_ids(users);
    check_ids(items);
    const Tensor &alpha = tables.alpha, &beta_user = tables.beta_user,
                 &gamma_user = tables.gamma_user, &gamma_item = tables.gamma_item;
    context->saved_data["kept"] =
        std::vector<Tensor>{alpha, beta_user, beta_item, gamma_user, gamma_item, users, items};
    const int64_t batch = users.numel(), k = gamma_item.defined() ? gamma_item.size(1) : 0;
    Tensor out = torch::empty({batch}, beta_item.options());
    AT_DISPATCH_FLOATING_TYPES(out.scalar_type(), "pair_scores", [&] {
      const scalar_t *bu = data_of<scalar_t>(beta_user), *bi = data_of<scalar_t>(beta_item),
                     *gu = data_of<scalar_t>(gamma_user), *gi = data_of<scalar_t>(gamma_item);
      const scalar_t base = alpha.defined() ? *alpha.const_data_ptr<scalar_t>() : scalar_t{0};
      const int32_t *u = users.const_data_ptr<int32_t>(), *i = items.const_data_ptr<int32_t>();
      scalar_t* const score = out.data_ptr<scalar_t>();
      at::parallel_for(0, batch, kGrain, [&](int64_t from, int64_t to) {
        for (int64_t b = from; b < to; ++b) {
          if (b + kAhead < to && k > 0) {
            __builtin_prefetch(gu + int64_t{u[b + kAhead]} * k);
            __builtin_prefetch(gi + int64_t{i[b + kAhead]} * k);
          }
          scalar_t sum = base + bi[i[b]];
          if (bu != nullptr) sum += bu[u[b]];
          score[b] = k > 0 ? sum + dot(gu + int64_t{u[b]} * k, gi + int64_t{i[b]} * k, k) : sum;
        }
      });
    });
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradient) {
    const auto kept = context->saved_data["kept"].toTensorVector();
    const Tensor &alpha = kept[0], &beta_user = kept[1], &beta_item = kept[2],
                 &gamma_user = kept[3], &gamma_item = kept[4];
    const Tensor g = gradient[0].contiguous();
    const int64_t batch = g.numel(), k = gamma_item.defined() ? gamma_item.size(1) : 0;
    const int64_t stripes = stripes_for(batch);
    AT_DISPATCH_FLOATING_TYPES(g.scalar_type(), "pair_scores_backward", [&] {
      const scalar_t* const w = g.const_data_ptr<scalar_t>();
      const int32_t *u = kept[5].const_data_ptr<int32_t>(), *i = kept[6].const_data_ptr<int32_t>();
      scalar_t *du = gradient_of<scalar_t>(beta_user), *di = gradient_of<scalar_t>(beta_item),
               *pu = gradient_of<scalar_t>(gamma_user), *pi = gradient_of<scalar_t>(gamma_item);
      const scalar_t *gu = data_of<scalar_t>(gamma_user), *gi = data_of<scalar_t>(gamma_item);
      const int64_t users = beta_user.defined() ? beta_user.size(0) : gamma_user.size(0),
                    items = beta_item.size(0);
      at::parallel_for(0, 2 * stripes, batch < kGrain ? 2 * stripes : 1,
                       [&](int64_t from, int64_t to) {
                         for (int64_t s = from; s < to; ++s) {
                           const int64_t n = s / 2;
                           if (s % 2 == 0) {
                             scatter<scalar_t>(u, i, w, batch, gi, k, pu, du, users * n / stripes,
                                               users * (n + 1) / stripes, 1);
                           } else {
                             scatter<scalar_t>(i, u, w, batch, gu, k, pi, di, items * n / stripes,
                                               items * (n + 1) / stripes, 1);
                           }
                         }
                       });
      if (scalar_t* const d = gradient_of<scalar_t>(alpha)) {
        const double sum = chunked_sum(batch, [&](int64_t from, int64_t to) {
          double part = 0;
          for (int64_t b = from; b < to; ++b) part += w[b];
          return part;
        });
        *d += static_cast<scalar_t>(sum);
      }
    });
    return {Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

struct PairDifferences : Function<PairDifferences> {
  static Tensor forward(AutogradContext* context, const Tensor& beta_item, const Tensor& gamma_user,
                        const Tensor& gamma_item, const Tensor& users, const Tensor& items,
                        const Tensor& negatives) {
    for (const Tensor* t : {&users, &items, &negatives}) check_ids(*t);
    context->saved_data["ids"] = std::vector<Tensor>{users, items, negatives};
    context->save_for_backward({beta_item, gamma_user, gamma_item});
    const int64_t batch = users.numel(), k = gamma_item.size(1);
    Tensor out = torch::empty({batch}, beta_item.options());
    AT_DISPATCH_FLOATING_TYPES(out.scalar_type(), "pair_differences", [&] {
      const scalar_t *beta = beta_item.const_data_ptr<scalar_t>(),
                     *gu = gamma_user.const_data_ptr<scalar_t>(),
                     *gi = gamma_item.const_data_ptr<scalar_t>();
      const int32_t *u = users.const_data_ptr<int32_t>(), *i = items.const_data_ptr<int32_t>(),
                    *j = negatives.const_data_ptr<int32_t>();
      scalar_t* const x = out.data_ptr<scalar_t>();
      at::parallel_for(0, batch, kGrain, [&](int64_t from, int64_t to) {
        for (int64_t b = from; b < to; ++b) {
          if (b + kAhead < to) {
            __builtin_prefetch(gu + int64_t{u[b + kAhead]} * k);
            __builtin_prefetch(gi + int64_t{i[b + kAhead]} * k);
            __builtin_prefetch(gi + int64_t{j[b + kAhead]} * k);
          }
          const scalar_t* const p = gu + int64_t{u[b]} * k;
          x[b] = (beta[i[b]] + dot(p, gi + int64_t{i[b]} * k, k)) -
                 (beta[j[b]] + dot(p, gi + int64_t{j[b]} * k, k));
        }
      });
    });
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradient) {
    const auto tables = context->get_saved_variables();
    const auto ids = context->saved_data["ids"].toTensorVector();
    const Tensor &beta_item = tables[0], &gamma_user = tables[1], &gamma_item = tables[2];
    const Tensor g = gradient[0].contiguous();
    const int64_t batch = g.numel(), k = gamma_item.size(1);
    const int64_t stripes = stripes_for(batch);
    AT_DISPATCH_FLOATING_TYPES(g.scalar_type(), "pair_differences_backward", [&] {
      const scalar_t* const w = g.const_data_ptr<scalar_t>();
      const int32_t *u = ids[0].const_data_ptr<int32_t>(), *i = ids[1].const_data_ptr<int32_t>(),
                    *j = ids[2].const_data_ptr<int32_t>();
      scalar_t *di = gradient_of<scalar_t>(beta_item), *pu = gradient_of<scalar_t>(gamma_user),
               *pi = gradient_of<scalar_t>(gamma_item);
      const scalar_t *gu = gamma_user.const_data_ptr<scalar_t>(),
                     *gi = gamma_item.const_data_ptr<scalar_t>();
      const int64_t users = gamma_user.size(0), items = gamma_item.size(0);
      at::parallel_for(
          0, 2 * stripes, batch < kGrain ? 2 * stripes : 1, [&](int64_t from, int64_t to) {
            for (int64_t s = from; s < to; ++s) {
              const int64_t n = s / 2, low = (s % 2 == 0 ? users : items) * n / stripes,
                            high = (s % 2 == 0 ? users : items) * (n + 1) / stripes;
              if (s % 2 == 0) {
                scatter_user(u, i, j, w, batch, gi, k, pu, low, high);
              } else {
                scatter<scalar_t>(i, u, w, batch, gu, k, pi, di, low, high, 1);
                scatter<scalar_t>(j, u, w, batch, gu, k, pi, di, low, high, -1);
              }
            }
          });
    });
    return {Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }

 private:
  /// Adds weight[b] * (q_i - q_j) to the rows of the users in [low, high).
  template <typename T>
  static void scatter_user(const int32_t* u, const int32_t* i, const int32_t* j, const T* weight,
                           int64_t batch, const T* gi, int64_t k, T* out, int64_t low,
                           int64_t high) {
    for (int64_t b = 0; b < batch; ++b) {
      if (b + kAhead < batch) {
        __builtin_prefetch(out + int64_t{u[b + kAhead]} * k, 1);
        __builtin_prefetch(gi + int64_t{i[b + kAhead]} * k);
        __builtin_prefetch(gi + int64_t{j[b + kAhead]} * k);
      }
      if (u[b] < low || u[b] >= high) continue;
      T* const to = out + int64_t{u[b]} * k;
      const T *qi = gi + int64_t{i[b]} * k, *qj = gi + int64_t{j[b]} * k;
      for (int64_t n = 0; n < k; ++n) to[n] += weight[b] * (qi[n] - qj[n]);
    }
  }
};

}  // namespace

bool can_score_directly(const ScoreTables& t) {
  if (!t.beta_item.defined()) return false;
  for (const Tensor* table : {&t.alpha, &t.beta_user, &t.beta_item, &t.gamma_user, &t.gamma_item}) {
    if (table->defined() &&
        (!table->is_cpu() || !table->is_contiguous() ||
         table->scalar_type() != t.beta_item.scalar_type() || !table->is_leaf()))
      return false;
  }
  return t.beta_item.scalar_type() == torch::kFloat || t.beta_item.scalar_type() == torch::kDouble;
}

Tensor pair_scores(const ScoreTables& t, const Tensor& users, const Tensor& items) {
  return PairScores::apply(t.beta_item, t, users, items);
}

Tensor pair_differences(const ScoreTables& t, const Tensor& users, const Tensor& items,
                        const Tensor& negatives) {
  TORCH_CHECK(!t.alpha.defined() && !t.beta_user.defined(), "alpha and beta_user cancel");
  return PairDifferences::apply(t.beta_item, t.gamma_user, t.gamma_item, users, items, negatives);
}

}  // namespace latent
