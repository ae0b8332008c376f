#include "models/objective.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "models/chunked_sum.h"

namespace latent {

namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::tensor_list;

constexpr int64_t kGrain = 4096;

/// softplus(-x), without overflow.
template <typename T>
T softplus_of_minus(T x) {
  return std::log1p(std::exp(-std::abs(x))) + std::max(-x, T{0});
}

struct MeanSquaredError : Function<MeanSquaredError> {
  static Tensor forward(AutogradContext* context, const Tensor& prediction, const Tensor& rating) {
    const Tensor p = prediction.contiguous(), r = rating.to(p.scalar_type()).contiguous();
    context->save_for_backward({p, r});
    const int64_t n = p.numel();
    Tensor out = torch::empty({}, p.options());
    AT_DISPATCH_FLOATING_TYPES(p.scalar_type(), "mean_squared_error", [&] {
      const scalar_t* a = p.const_data_ptr<scalar_t>();
      const scalar_t* b = r.const_data_ptr<scalar_t>();
      const double sum = chunked_sum(n, [&](int64_t from, int64_t to) {
        double part = 0;
        for (int64_t k = from; k < to; ++k) part += (double{a[k]} - b[k]) * (double{a[k]} - b[k]);
        return part;
      });
      *out.data_ptr<scalar_t>() = static_cast<scalar_t>(sum / static_cast<double>(n));
    });
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradient) {
    const auto saved = context->get_saved_variables();
    const Tensor& p = saved[0];
    return {(p - saved[1]) * (gradient[0] * (2.0 / static_cast<double>(p.numel()))), Tensor()};
  }
};

struct MeanSoftplusOfMinus : Function<MeanSoftplusOfMinus> {
  static Tensor forward(AutogradContext* context, const Tensor& difference) {
    const Tensor x = difference.contiguous();
    context->save_for_backward({x});
    Tensor out = torch::empty({}, x.options());
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "mean_softplus", [&] {
      const scalar_t* v = x.const_data_ptr<scalar_t>();
      const double sum = chunked_sum(x.numel(), [&](int64_t from, int64_t to) {
        double part = 0;
        for (int64_t k = from; k < to; ++k) part += softplus_of_minus(v[k]);
        return part;
      });
      *out.data_ptr<scalar_t>() = static_cast<scalar_t>(sum / static_cast<double>(x.numel()));
    });
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradient) {
    const Tensor x = context->get_saved_variables()[0];
    Tensor out = torch::empty_like(x);
    // Scalar code on purpose: torch's vector code treats the ends of each thread's range
    // differently.
    AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "mean_softplus_backward", [&] {
      const scalar_t scale = gradient[0].item<scalar_t>() / static_cast<scalar_t>(x.numel());
      const scalar_t* v = x.const_data_ptr<scalar_t>();
      scalar_t* g = out.data_ptr<scalar_t>();
      at::parallel_for(0, x.numel(), kGrain, [&](int64_t from, int64_t to) {
        for (int64_t k = from; k < to; ++k) g[k] = -scale / (1 + std::exp(v[k]));
      });
    });
    return {out};
  }
};

struct ForEachSample : Function<ForEachSample> {
  static Tensor forward(AutogradContext*, const Tensor& parameter, int64_t batch) {
    return parameter.expand({batch}).contiguous();
  }

  static tensor_list backward(AutogradContext*, const tensor_list& gradient) {
    const Tensor g = gradient[0].contiguous();
    Tensor out = torch::empty({1}, g.options());
    AT_DISPATCH_FLOATING_TYPES(g.scalar_type(), "for_each_sample_backward", [&] {
      const scalar_t* v = g.const_data_ptr<scalar_t>();
      *out.data_ptr<scalar_t>() =
          static_cast<scalar_t>(chunked_sum(g.numel(), [&](int64_t from, int64_t to) {
            double part = 0;
            for (int64_t k = from; k < to; ++k) part += v[k];
            return part;
          }));
    });
    return {out, Tensor()};
  }
};

}  // namespace

Tensor mean_squared_error(const Tensor& prediction, const Tensor& rating) {
  if (!prediction.is_cpu()) return torch::mse_loss(prediction, rating);
  return MeanSquaredError::apply(prediction, rating);
}

Tensor bpr_loss(const Tensor& difference) {
  if (!difference.is_cpu()) return torch::softplus(-difference).mean();
  return MeanSoftplusOfMinus::apply(difference);
}

Tensor for_each_sample(const Tensor& parameter, int64_t batch) {
  if (!parameter.is_cpu()) return parameter.expand({batch});
  return ForEachSample::apply(parameter, batch);
}

double sum_of_squares(const Tensor& table) {
  const torch::NoGradGuard no_grad;
  if (!table.is_cpu()) return table.square().sum(torch::kDouble).item<double>();
  const Tensor w = table.contiguous();
  double sum = 0;
  AT_DISPATCH_FLOATING_TYPES(w.scalar_type(), "sum_of_squares", [&] {
    const scalar_t* v = w.const_data_ptr<scalar_t>();
    sum = chunked_sum(w.numel(), [&](int64_t from, int64_t to) {
      double part = 0;
      for (int64_t k = from; k < to; ++k) part += double{v[k]} * v[k];
      return part;
    });
  });
  return sum;
}

}  // namespace latent
