#include "src/solve/ials.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>
#include <string>

#include "src/base/counting_sort.h"
#include "src/base/error.h"
#include "src/base/parallel.h"
#include "src/kernels/gemm.h"
#include "src/solve/ials_rows.h"

namespace latent {

namespace {

constexpr int kLanes = 8;

/// Batches of about equal work make a task.
template <typename Batch>
std::vector<int64_t> tasks_of(const std::vector<Batch>& batches, const std::vector<int32_t>& order,
                              const WeightedRows& rows, int d) {
  std::vector<int64_t> starts = {0};
  double work = 0;
  for (size_t b = 0; b < batches.size(); ++b) {
    const auto n = static_cast<double>(rows.count(order[batches[b].first]));
    work += batches[b].few ? 8 * (n * n * d / 2 + n * n * n / 6 + 40.0 * d)
                           : n * d * d / 2 + static_cast<double>(d) * d * d / 3;
    if (work > 4e6) {
      starts.push_back(static_cast<int64_t>(b) + 1);
      work = 0;
    }
  }
  if (starts.back() != static_cast<int64_t>(batches.size()))
    starts.push_back(static_cast<int64_t>(batches.size()));
  return starts;
}

/// A knob with its value as configs write it: "ials.reg (now 0.01)".
std::string with_value(const std::string& knob, double value) {
  return knob + " (now " + nlohmann::json(value).dump() + ")";
}

/// The weights that the form asks for, one a pair or none: its systems look no further.
WeightedRows weighted_for(bool implicit_form, WeightedRows rows) {
  if (!rows.weight.empty() && rows.weight.size() != rows.column.size())
    throw std::invalid_argument("iALS: " + std::to_string(rows.weight.size()) + " weights for " +
                                std::to_string(rows.column.size()) + " pairs");
  if (!implicit_form) {
    rows.weight.clear();
  } else if (rows.weight.empty()) {
    rows.weight.assign(rows.column.size(), 1.0f);
  }
  return rows;
}

/// Rows with the most pairs first, ties by index.
std::vector<int32_t> by_count(const WeightedRows& rows) {
  std::vector<int32_t> order(rows.rows());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return rows.count(a) > rows.count(b); });
  return order;
}

}  // namespace

WeightedRows WeightedRows::transposed(int64_t columns) const {
  WeightedRows out;
  out.column.resize(column.size());
  out.weight.resize(weight.size());
  int64_t row = 0;  // of entry n: entries come row by row
  out.start = counting_sort(
      std::ssize(column), columns, [&](int64_t n) { return column[n]; },
      [&](int64_t n, int64_t place) {
        while (n >= start[row + 1]) ++row;
        out.column[place] = static_cast<int32_t>(row);
        if (!weight.empty()) out.weight[place] = weight[n];
      });
  return out;
}

IalsSolver::IalsSolver(WeightedRows observed, int64_t items, int factors,
                       const IalsProblem& problem, SymmetricEigen eigen, int threads,
                       Peers& peers)
    : by_user_(weighted_for(problem.implicit_form, std::move(observed))),
      by_item_(by_user_.transposed(items)),
      items_(items),
      factors_(factors),
      stride_(padded_columns(factors)),
      problem_(problem),
      eigen_(std::move(eigen)),
      threads_(threads),
      peers_(peers),
      users_(by_user_.rows() * stride_),
      items_table_(items * stride_) {}

void IalsSolver::load(const float* users, const float* items) {
  for (int64_t n = 0; n < by_user_.rows(); ++n)
    std::copy_n(users + n * factors_, factors_, users_.data() + n * stride_);
  for (int64_t n = 0; n < items_; ++n)
    std::copy_n(items + n * factors_, factors_, items_table_.data() + n * stride_);
}

void IalsSolver::store(float* users, float* items) const {
  for (int64_t n = 0; n < by_user_.rows(); ++n)
    std::copy_n(users_.data() + n * stride_, factors_, users + n * factors_);
  for (int64_t n = 0; n < items_; ++n)
    std::copy_n(items_table_.data() + n * stride_, factors_, items + n * factors_);
}

std::string IalsSolver::remedy() const {
  const std::string raise = "raise " + with_value("ials.reg", problem_.reg);
  return problem_.implicit_form ? raise + " or lower " + with_value("ials.alpha", problem_.alpha)
                                : raise;
}

double IalsSolver::penalty_of(const WeightedRows& rows, int64_t row, int64_t others) const {
  if (problem_.implicit_form) return problem_.reg;
  return problem_.reg * std::pow(static_cast<double>(rows.count(row)) +
                                     problem_.alpha0 * static_cast<double>(others),
                                 problem_.nu);
}

double IalsSolver::penalty(const WeightedRows& rows, const Table<float>& table,
                           int64_t others) const {
  constexpr int64_t kPerChunk = 4096;
  std::vector<double> parts(ceil_div(rows.rows(), kPerChunk));
  parallel_chunks(static_cast<int64_t>(parts.size()), threads_, [&](int64_t chunk) {
    for (int64_t r = chunk * kPerChunk; r < std::min(rows.rows(), (chunk + 1) * kPerChunk); ++r) {
      float squares = 0;
      for (int f = 0; f < factors_; ++f)
        squares += table[r * stride_ + f] * table[r * stride_ + f];
      parts[chunk] += penalty_of(rows, r, others) * squares;
    }
  });
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

IalsSolver::Spectrum IalsSolver::into_eigenbasis(const Half& half) {
  const std::vector<double> g =
      gram(half.fixed.data(), half.fixed_rows, stride_, threads_, peers_);
  std::vector<double> vectors(int64_t{factors_} * factors_), values(factors_);
  for (int i = 0; i < factors_; ++i)
    std::copy_n(g.begin() + int64_t{i} * stride_, factors_,
                vectors.begin() + int64_t{i} * factors_);
  if (!std::isfinite(std::accumulate(g.begin(), g.end(), 0.0)))
    throw Error("the factors are not finite; " + remedy());
  if (peers_.first()) eigen_(factors_, vectors.data(), values.data());
  peers_.broadcast(vectors.data(), std::ssize(vectors) * int64_t{sizeof(double)});
  peers_.broadcast(values.data(), std::ssize(values) * int64_t{sizeof(double)});
  std::vector<float> turn(int64_t{stride_} * stride_);
  for (int i = 0; i < factors_; ++i) {
    for (int j = 0; j < factors_; ++j)
      turn[int64_t{i} * stride_ + j] = static_cast<float>(vectors[int64_t{i} * factors_ + j]);
  }
  multiply_rows(half.fixed.data(), half.fixed_rows, stride_, turn.data(), threads_);
  const double all_pairs = problem_.implicit_form ? 1 : problem_.alpha0;
  Spectrum out{std::vector<float>(stride_, 1.0f), HUGE_VAL, 0};
  for (int f = 0; f < factors_; ++f) {
    const double value = all_pairs * std::max(0.0, values[f]);
    out.values[f] = static_cast<float>(value);
    out.lowest = std::min(out.lowest, value);
    out.highest = std::max(out.highest, value);
  }
  return out;
}

/// Few pairs, whose Woodbury system is the smaller one; each confidence above that of all pairs.
bool IalsSolver::has_few(const WeightedRows& rows, int32_t row) const {
  if (static_cast<double>(rows.count(row)) > kIalsFewShare * factors_) return false;
  for (int64_t n = rows.start[row]; !rows.weight.empty() && n < rows.start[row + 1]; ++n) {
    if (problem_.alpha * rows.weight[n] < 1) return false;
  }
  return true;
}

IalsSolver::Plan IalsSolver::plan_of(const Half& half) const {
  const WeightedRows& rows = half.rows;
  const std::vector<int32_t> order = by_count(rows);
  Plan plan;
  plan.rows.reserve(order.size());
  for (const int32_t row : order) {
    if (rows.count(row) == 0) {
      std::fill_n(half.solved.data() + int64_t{row} * stride_, stride_, 0.0f);
    } else if (!has_few(rows, row)) {
      plan.batches.push_back({static_cast<int64_t>(plan.rows.size()), 1, false});
      plan.rows.push_back(row);
    }
  }
  for (const int32_t row : order) {
    if (rows.count(row) == 0 || !has_few(rows, row)) continue;
    if (plan.batches.empty() || !plan.batches.back().few || plan.batches.back().lanes == kLanes ||
        rows.count(row) > kIalsLanePairs || rows.count(plan.rows.back()) > kIalsLanePairs)
      plan.batches.push_back({static_cast<int64_t>(plan.rows.size()), 0, true});
    ++plan.batches.back().lanes;
    plan.rows.push_back(row);
  }
  return plan;
}

void IalsSolver::require_definite(const Spectrum& shared, const Plan& plan,
                                  const Half& half) const {
  if (plan.rows.empty()) return;
  double least = HUGE_VAL;
  for (const int32_t row : {plan.rows.front(), plan.rows.back()})
    least = std::min(least, penalty_of(half.rows, row, half.fixed_rows));
  if (shared.lowest + least > 1e-8 * (shared.highest + least)) return;
  throw Error("the Gram matrix of the factors is not positive definite; raise " +
              with_value("ials.reg", problem_.reg) +
              (problem_.implicit_form || problem_.alpha0 > 0
                   ? ""
                   : " or " + with_value("ials.alpha0", problem_.alpha0)));
}

double IalsSolver::solve(const Half& half) {
  const WeightedRows& rows = half.rows;
  const Spectrum spectrum = into_eigenbasis(half);
  const Plan plan = plan_of(half);
  require_definite(spectrum, plan, half);
  const IalsShared shared{half.fixed.data(), spectrum.values.data(), factors_, stride_,
                          static_cast<float>(problem_.alpha)};
  std::vector<double> objectives(rows.rows());
  const auto row_of = [&](int32_t row) {
    const int64_t from = rows.start[row];
    return IalsRow{rows.column.data() + from,
                   problem_.implicit_form ? rows.weight.data() + from : nullptr,
                   static_cast<int32_t>(rows.count(row)),
                   static_cast<float>(penalty_of(rows, row, half.fixed_rows)),
                   half.solved.data() + int64_t{row} * stride_,
                   &objectives[row]};
  };
  const std::vector<int64_t> tasks = tasks_of(plan.batches, plan.rows, rows, factors_);
  const Shares shares = even_shares(static_cast<int64_t>(tasks.size()) - 1, peers_.size());
  const Piece piece = piece_of(shares, peers_.rank());
  const int64_t first = piece.begin, last = piece.end;
  parallel_chunks(last - first, threads_, [&](int64_t n) {
    const int64_t t = first + n;
    IalsScratch scratch;
    for (int64_t b = tasks[t]; b < tasks[t + 1]; ++b) {
      const Batch& batch = plan.batches[b];
      IalsRow own[kLanes];
      for (int l = 0; l < batch.lanes; ++l) own[l] = row_of(plan.rows[batch.first + l]);
      if (b + 1 < tasks[t + 1] && plan.batches[b + 1].few) prefetch(half, plan, b + 1);
      if (batch.few && own[0].count > kIalsLanePairs) {
        solve_medium(shared, own[0], scratch);
      } else if (batch.few) {
        solve_few(shared, own, batch.lanes, scratch);
      } else {
        solve_many(shared, own[0], scratch);
      }
    }
  });
  if (!peers_.alone()) share_solved(half, plan, tasks, shares, objectives);
  return std::accumulate(objectives.begin(), objectives.end(), 0.0);
}

void IalsSolver::prefetch(const Half& half, const Plan& plan, int64_t batch) const {
  const Batch& next = plan.batches[batch];
  for (int l = 0; l < next.lanes; ++l) {
    const int32_t row = plan.rows[next.first + l];
    for (int64_t n = half.rows.start[row]; n < half.rows.start[row + 1]; ++n) {
      const float* const v = half.fixed.data() + int64_t{half.rows.column[n]} * stride_;
      for (int f = 0; f < stride_; f += 16) __builtin_prefetch(v + f, 0, 2);
    }
  }
}

double IalsSolver::iterate() {
  const int64_t users = by_user_.rows();
  solve({by_user_, users_, items_table_, items_});
  const double rows = solve({by_item_, items_table_, users_, users});
  const double objective = rows + penalty(by_user_, users_, items_);
  if (!std::isfinite(objective)) throw Error("the factors are not finite; " + remedy());
  if (!problem_.implicit_form) return objective;
  // implicit's calculate_training_loss: over the sum of all confidences.
  double confidence = 0;
  for (const float w : by_user_.weight) confidence += std::abs(problem_.alpha * w);
  const double unobserved = static_cast<double>(users) * static_cast<double>(items_) -
                            static_cast<double>(by_user_.column.size());
  return objective / (confidence + unobserved);
}

}  // namespace latent
