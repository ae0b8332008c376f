#include "models/objective.h"

#include "models/chunked_sum.h"
#include "models/device_code.h"

namespace latent {

namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::tensor_list;

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
  if (by_operators(prediction.device())) return torch::mse_loss(prediction, rating);
  return MeanSquaredError::apply(prediction, rating);
}

Tensor bpr_loss(const Tensor& difference) { return torch::softplus(-difference).mean(); }

Tensor for_each_sample(const Tensor& parameter, int64_t batch) {
  if (by_operators(parameter.device())) return parameter.expand({batch});
  return ForEachSample::apply(parameter, batch);
}

}  // namespace latent
