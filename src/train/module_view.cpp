#include "src/train/module_view.h"

#include <utility>

#include "src/train/tensor_data.h"

namespace latent {

namespace {

torch::Tensor on_cpu(const torch::Tensor& t) {
  return t.defined() ? t.detach().to(torch::kCPU, torch::kFloat).contiguous() : t;
}

template <typename T>
std::span<const T> span_of(const torch::Tensor& t) {
  if (!t.defined()) return {};
  return {t.const_data_ptr<T>(), static_cast<size_t>(t.numel())};
}

ItemItemView view_of(const ItemItemTables& t) {
  ItemItemView out;
  if (!t.weight.defined()) return out;
  out.histories = {span_of<int64_t>(t.history_start), span_of<int32_t>(t.history_item)};
  if (t.start.defined()) {
    out.items = static_cast<int32_t>(t.start.numel() - 1);
    out.start = span_of<int64_t>(t.start);
    out.item = span_of<int32_t>(t.item);
    out.weight = span_of<float>(t.weight);
  } else {
    out.items = static_cast<int32_t>(t.weight.size(0));
    out.dense = t.weight.const_data_ptr<float>();
  }
  return out;
}

}  // namespace

ModuleView::ModuleView(const RecommenderImpl& model) {
  const ScoreTables t = model.scored();
  tables_ = {on_cpu(t.alpha), on_cpu(t.beta_user), on_cpu(t.beta_item), factors(t.gamma_user),
             factors(t.gamma_item)};
  const ModelSpec& spec = model.spec();
  view_.users = static_cast<int32_t>(spec.users);
  view_.items = static_cast<int32_t>(spec.items);
  view_.factors =
      tables_.gamma_item.defined() ? static_cast<int32_t>(tables_.gamma_item.size(1)) : 0;
  view_.alpha = data_of<float>(tables_.alpha);
  view_.beta_user = data_of<float>(tables_.beta_user);
  view_.beta_item = data_of<float>(tables_.beta_item);
  view_.gamma_user = data_of<float>(tables_.gamma_user);
  view_.gamma_item = data_of<float>(tables_.gamma_item);
  item_items_ = model.item_items();
  view_.similar = view_of(item_items_);
  view_.lowest = static_cast<float>(spec.lowest);
  view_.highest = static_cast<float>(spec.highest);
  if (const auto rating = model.default_prediction())
    view_.default_prediction = static_cast<float>(*rating);
}

torch::Tensor ModuleView::factors(const torch::Tensor& table) {
  if (!in_bfloat16(table) || !table.grad().defined()) return on_cpu(table);
  const torch::NoGradGuard no_grad;
  const torch::Tensor memory = std::exchange(table.mutable_grad(), torch::Tensor());
  memory.copy_(table);
  lent_.emplace_back(table, memory);
  return memory;
}

ModuleView::~ModuleView() {
  const torch::NoGradGuard no_grad;
  for (const auto& [table, memory] : lent_) {
    memory.zero_();
    table.mutable_grad() = memory;
  }
}

}  // namespace latent
