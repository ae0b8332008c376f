#include "models/table_rows.h"

namespace latent {

namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::tensor_list;

struct FloatRows : Function<FloatRows> {
  static Tensor forward(AutogradContext* context, const Tensor& table, const Tensor& ids) {
    context->saved_data["table"] = table;
    context->save_for_backward({ids});
    return torch::embedding(table, ids).to(torch::kFloat);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradient) {
    const Tensor table = context->saved_data["table"].toTensor();
    const Tensor ids = context->get_saved_variables()[0];
    const Tensor sums = torch::embedding_dense_backward(
        gradient[0].contiguous(), ids, table.size(0), /*padding_idx=*/-1,
        /*scale_grad_by_freq=*/false);
    if (!table.grad().defined()) table.mutable_grad() = zero_gradient(table);
    table.mutable_grad().add_(sums);
    // The engine would round what it is given to the table's type.
    return {Tensor(), Tensor()};
  }
};

}  // namespace

Tensor in_floats(const Tensor& table) {
  return table.scalar_type() == torch::kBFloat16 ? table.to(torch::kFloat) : table;
}

Tensor rows_of(torch::nn::Embedding& table, const Tensor& ids) {
  if (table->weight.scalar_type() != torch::kBFloat16) return table(ids);
  return FloatRows::apply(table->weight, ids);
}

Tensor zero_gradient(const Tensor& table) {
  const bool halved = table.scalar_type() == torch::kBFloat16;
  return torch::zeros_like(table, halved ? table.options().dtype(torch::kFloat).requires_grad(false)
                                         : torch::TensorOptions());
}

}  // namespace latent
