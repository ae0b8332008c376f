#include "src/solve/svdpp_sgd.h"

#include <algorithm>
#include <cmath>

#include "src/kernels/wide_vectors.h"

namespace latent {

namespace {

/// The end of the user's rows that begin at `first`.
int64_t end_of_user(const Interactions& rows, int64_t first) {
  int64_t last = first;
  while (last < rows.size() && rows.user[last] == rows.user[first]) ++last;
  return last;
}

/// A user's part of a pass of the fast twin. `sum`: of y_j / sqrt(count); `moved`: what every y_j
/// is to gain; both [stride].
LATENT_INLINE double user_pass(SvdppTables<float>& t, const Interactions& rows, int64_t first,
                               int64_t last, const SvdppRates& r, float* sum, float* moved) {
  const int64_t stride = t.stride;
  const auto count = static_cast<float>(last - first);
  const float root = std::sqrt(count), per_root = 1 / root;
  const auto lr_y = static_cast<float>(r.lr_yj), lr_p = static_cast<float>(r.lr_pu),
             lr_q = static_cast<float>(r.lr_qi);
  const float keep_y = 1 - static_cast<float>(r.lr_yj * r.reg_yj),
              keep_p = 1 - static_cast<float>(r.lr_pu * r.reg_pu),
              keep_q = 1 - static_cast<float>(r.lr_qi * r.reg_qi);
  const int32_t u = rows.user[first];
  float* const p = t.p.data() + u * stride;
  std::fill_n(sum, stride, 0.0f);
  std::fill_n(moved, stride, 0.0f);
  for (int64_t n = first; n < last; ++n) {
    const float* const y = t.y.data() + rows.item[n] * stride;
    for (int64_t k = 0; k < stride; k += 8) store8(sum + k, load8(sum + k) + load8(y + k));
  }
  for (int64_t k = 0; k < stride; ++k) sum[k] *= per_root;
  double squares = 0;
  float bu = t.bu[u], kept = 1;
  for (int64_t n = first; n < last; ++n) {
    const int32_t i = rows.item[n];
    float* const q = t.q.data() + i * stride;
    Float8 dot = {};
    for (int64_t k = 0; k < stride; k += 8) dot += load8(q + k) * (load8(p + k) + load8(sum + k));
    const float error = rows.rating[n] - (t.mean + bu + t.bi[i] + sum8(dot));
    bu += static_cast<float>(r.lr_bu) * (error - static_cast<float>(r.reg_bu) * bu);
    t.bi[i] += static_cast<float>(r.lr_bi) * (error - static_cast<float>(r.reg_bi) * t.bi[i]);
    const float to_p = lr_p * error, to_q = lr_q * error, to_y = lr_y * error * per_root;
    for (int64_t k = 0; k < stride; k += 8) {
      const Float8 pv = load8(p + k), qv = load8(q + k), sv = load8(sum + k);
      store8(p + k, keep_p * pv + to_p * qv);
      store8(q + k, keep_q * qv + to_q * (pv + sv));
      // Each of the count y_j moves alike, and counts 1 / sqrt(count) in the sum.
      store8(sum + k, keep_y * sv + to_y * root * qv);
      store8(moved + k, keep_y * load8(moved + k) + to_y * qv);
    }
    kept *= keep_y;
    squares += static_cast<double>(error) * error;
  }
  t.bu[u] = bu;
  for (int64_t n = first; n < last; ++n) {
    float* const y = t.y.data() + rows.item[n] * stride;
    for (int64_t k = 0; k < stride; k += 8) store8(y + k, kept * load8(y + k) + load8(moved + k));
  }
  return squares;
}

}  // namespace

double svdpp_epoch_exact(SvdppTables<double>& t, const Interactions& rows, const SvdppRates& r) {
  std::vector<double> implicit(t.factors);
  double squares = 0;
  for (int64_t first = 0, last; first < rows.size(); first = last) {
    last = end_of_user(rows, first);
    const double root = std::sqrt(static_cast<double>(last - first));
    const int32_t u = rows.user[first];
    double* const p = t.p.data() + int64_t{u} * t.stride;
    const auto y_of = [&](int64_t row) { return t.y.data() + int64_t{rows.item[row]} * t.stride; };
    for (int64_t n = first; n < last; ++n) {
      const int32_t i = rows.item[n];
      double* const q = t.q.data() + int64_t{i} * t.stride;
      std::ranges::fill(implicit, 0);
      for (int64_t k = first; k < last; ++k) {
        for (int32_t f = 0; f < t.factors; ++f) implicit[f] += y_of(k)[f] / root;
      }
      double dot = 0;
      for (int32_t f = 0; f < t.factors; ++f) dot += q[f] * (p[f] + implicit[f]);
      const double error = rows.rating[n] - (t.mean + t.bu[u] + t.bi[i] + dot);
      squares += error * error;
      t.bu[u] += r.lr_bu * (error - r.reg_bu * t.bu[u]);
      t.bi[i] += r.lr_bi * (error - r.reg_bi * t.bi[i]);
      for (int32_t f = 0; f < t.factors; ++f) {
        const double pf = p[f], qf = q[f];
        p[f] += r.lr_pu * (error * qf - r.reg_pu * pf);
        q[f] += r.lr_qi * (error * (pf + implicit[f]) - r.reg_qi * qf);
        implicit[f] = error * qf / root;  // from here on: what moves every y_j
      }
      for (int64_t k = first; k < last; ++k) {
        double* const y = y_of(k);
        for (int32_t f = 0; f < t.factors; ++f)
          y[f] += r.lr_yj * (implicit[f] - r.reg_yj * y[f]);
      }
    }
  }
  return squares / static_cast<double>(rows.size());
}

double svdpp_epoch(SvdppTables<float>& t, const Interactions& rows, const SvdppRates& rates) {
  std::vector<float> sum(t.stride), moved(t.stride);
  const auto pass = kernel<user_pass>();
  double squares = 0;
  for (int64_t first = 0, last; first < rows.size(); first = last) {
    last = end_of_user(rows, first);
    squares += pass(t, rows, first, last, rates, sum.data(), moved.data());
  }
  return squares / static_cast<double>(rows.size());
}

template <typename T>
void fold_implicit(const SvdppTables<T>& t, const Interactions& rows, T* users) {
  for (size_t u = 0; u < t.bu.size(); ++u)
    std::copy_n(t.p.data() + u * t.stride, t.factors, users + u * t.factors);
  for (int64_t first = 0, last; first < rows.size(); first = last) {
    last = end_of_user(rows, first);
    const T root = std::sqrt(static_cast<T>(last - first));
    T* const out = users + int64_t{rows.user[first]} * t.factors;
    for (int64_t n = first; n < last; ++n) {
      const T* const y = t.y.data() + int64_t{rows.item[n]} * t.stride;
      for (int32_t f = 0; f < t.factors; ++f) out[f] += y[f] / root;
    }
  }
}

template void fold_implicit(const SvdppTables<float>&, const Interactions&, float*);
template void fold_implicit(const SvdppTables<double>&, const Interactions&, double*);

}  // namespace latent
