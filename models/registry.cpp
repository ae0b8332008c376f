#include "models/registry.h"

#include "models/bpr.h"
#include "models/item_models.h"
#include "models/mf.h"
#include "models/models_with_sets.h"
#include "models/rating_models.h"
#include "models/solved_models.h"
#include "src/config/auto_values.h"
#include "src/config/catalog.h"

namespace latent {

namespace {

template <typename Impl>
Recommender make(const ModelSpec& spec) {
  return std::make_shared<Impl>(spec);
}

}  // namespace

const std::vector<ModelMaker>& model_registry() {
  static const std::vector<ModelMaker> rows = {
      {"mean", make<MeanImpl>},
      {"bias_only", make<BiasOnlyImpl>},
      {"latent_factor", make<LatentFactorImpl>},
      {"bpr", make<BprImpl>},
      {"baseline", make<BaselineImpl>},
      {"svd", make<SvdImpl>},
      {"implicit_bpr", make<ImplicitBprImpl>},
      {"ials", make<ImplicitAlsImpl>},
      {"mf", make<MfImpl>},
      {"svdpp", make<SvdppImpl>},
      {"bayesian_mf", make<BayesianMfImpl>},
      {"elsa", make<ElsaImpl>},
      {"popularity", make<PopularityImpl>},
      {"item_mean", make<ItemMeanImpl>},
      {"item_knn", make<ItemItemImpl>},
      {"ease", make<ItemItemImpl>},
  };
  return rows;
}

ModelSpec model_spec(const RunConfig& config, int64_t users, int64_t items,
                     const RatingSummary& ratings) {
  const TrainOptions& train = config.train;
  ModelSpec spec;
  spec.users = users;
  spec.items = items;
  spec.factors = config.model.factors;
  spec.mean = ratings.mean;
  if (config.model.init == "xavier") spec.init = Init::kXavier;
  spec.init_mean = config.model.init_mean;
  spec.init_std = config.model.init_std;
  spec.seed = static_cast<uint64_t>(train.seed);
  spec.form = train.form == "tensorflow" ? Form::kTensorflow : Form::kPytorch;
  const ModelInfo& info = model_info(config.model.name);
  const GroupPenalties penalties =
      group_penalties(train, ratings.rows, info.task == Task::kRanking);
  spec.lambda_user_bias = penalties.user_bias;
  spec.lambda_item_bias = penalties.item_bias;
  spec.lambda_factors = penalties.factors;
  const std::vector<double>& scale = config.data.rating_scale;
  if (info.task == Task::kRating && (info.clips || !scale.empty())) {
    spec.lowest = scale.empty() ? ratings.lowest : scale[0];
    spec.highest = scale.empty() ? ratings.highest : scale[1];
  }
  spec.biased = config.svd.biased;
  spec.draws = config.bayes.kept();
  spec.mf = config.mf;
  spec.in_bfloat16 = in_bfloat16(config);
  spec.mf.tau = tau_of(config.mf, {users, items, ratings.rows});
  return spec;
}

Recommender make_model(const std::string& name, const ModelSpec& spec) {
  for (const ModelMaker& row : model_registry()) {
    if (row.name == name) return row.make(spec);
  }
  throw std::logic_error("no maker for model '" + name + "'");
}

std::shared_ptr<GradientModelImpl> make_gradient_model(const std::string& name,
                                                       const ModelSpec& spec) {
  return std::dynamic_pointer_cast<GradientModelImpl>(make_model(name, spec));
}

}  // namespace latent
