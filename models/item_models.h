// Models that are computed from the rows at once: what others should beat.
#pragma once

#include "models/recommender.h"

namespace latent {

/// x_ui = beta_i: how many users have the item.
class PopularityImpl : public RecommenderImpl {
 public:
  explicit PopularityImpl(const ModelSpec& spec);
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  ScoreTables tables() const override;

 private:
  torch::nn::Embedding beta_item_{nullptr};  // [I, 1]
};

/// r = alpha + beta_i: the mean of the item's ratings, the mean of all for an item without any.
class ItemMeanImpl : public RecommenderImpl {
 public:
  explicit ItemMeanImpl(const ModelSpec& spec);
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  ScoreTables tables() const override;

 private:
  torch::Tensor alpha_;                      // [1]
  torch::nn::Embedding beta_item_{nullptr};  // [I, 1]
};

/// x_ui = the sum over the items j of u of weight[j, i]: item_knn and ease, which differ in the
/// weights alone.
class ItemItemImpl : public RecommenderImpl {
 public:
  using RecommenderImpl::RecommenderImpl;
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  ScoreTables tables() const override { return {}; }
  ItemItemTables item_items() const override { return item_items_; }
  void set(const ItemItemTables& computed) { item_items_ = computed; }

 private:
  ItemItemTables item_items_;
};

}  // namespace latent
