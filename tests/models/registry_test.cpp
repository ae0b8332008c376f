// The makers of models agree with the catalogue.
#include "models/registry.h"
#include "src/base/parallel.h"
#include "src/config/catalog.h"
#include "tests/support.h"

namespace latent {
namespace {

TEST(ModelRegistry, HasTheModelsOfTheCatalogInItsOrder) {
  ASSERT_EQ(model_registry().size(), model_catalog().size());
  for (size_t n = 0; n < model_catalog().size(); ++n)
    EXPECT_EQ(model_registry()[n].name, model_catalog()[n].name);
}

TEST(ModelCatalog, KnowsWhichModelsHaveFactors) {
  ModelSpec spec;
  spec.users = spec.items = 3;
  spec.factors = 2;
  for (const ModelInfo& info : model_catalog()) {
    EXPECT_EQ(make_model(info.name, spec)->tables().gamma_item.defined(), info.has_factors)
        << info.name;
  }
}

TEST(InitialTables, AreNormalWithTheAskedDeviationAndDependOnTheSeedAlone) {
  ModelSpec spec;
  spec.users = 20000;
  spec.items = 3;
  spec.factors = 5;
  spec.init_std = 0.25;
  const auto gamma = [&] {
    return make_model("latent_factor", spec)->tables().gamma_user.detach().clone();
  };
  const torch::Tensor first = gamma();
  set_default_threads(1);
  EXPECT_TRUE(torch::equal(first, gamma()));
  set_default_threads(0);
  spec.seed = 1;
  EXPECT_FALSE(torch::equal(first, gamma()));
  EXPECT_NEAR(first.mean().item<double>(), 0, 0.005);
  EXPECT_NEAR(first.std().item<double>(), 0.25, 0.005);
  EXPECT_NEAR((first / 0.25).pow(4).mean().item<double>(), 3, 0.2);  // the kurtosis of a normal
}

}  // namespace
}  // namespace latent
