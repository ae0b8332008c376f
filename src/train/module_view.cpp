#include "src/train/module_view.h"

namespace latent {

namespace {

torch::Tensor on_cpu(const torch::Tensor& t) {
  return t.defined() ? t.detach().to(torch::kCPU, torch::kFloat).contiguous() : t;
}

const float* data_of(const torch::Tensor& t) {
  return t.defined() ? t.const_data_ptr<float>() : nullptr;
}

}  // namespace

ModuleView::ModuleView(const RecommenderImpl& model) {
  const ScoreTables t = model.scored();
  tables_ = {on_cpu(t.alpha), on_cpu(t.beta_user), on_cpu(t.beta_item), on_cpu(t.gamma_user),
             on_cpu(t.gamma_item)};
  const ModelSpec& spec = model.spec();
  view_.users = static_cast<int32_t>(spec.users);
  view_.items = static_cast<int32_t>(spec.items);
  view_.factors =
      tables_.gamma_item.defined() ? static_cast<int32_t>(tables_.gamma_item.size(1)) : 0;
  view_.alpha = data_of(tables_.alpha);
  view_.beta_user = data_of(tables_.beta_user);
  view_.beta_item = data_of(tables_.beta_item);
  view_.gamma_user = data_of(tables_.gamma_user);
  view_.gamma_item = data_of(tables_.gamma_item);
  view_.lowest = static_cast<float>(spec.lowest);
  view_.highest = static_cast<float>(spec.highest);
  if (const auto rating = model.default_prediction())
    view_.default_prediction = static_cast<float>(*rating);
}

}  // namespace latent
