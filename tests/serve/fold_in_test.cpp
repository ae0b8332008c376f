// New users: TorchScript, the program's model and the installed library fold them in alike, by every
// objective that a file can name.
#include <gtest/gtest.h>
#include <torch/script.h>

#include <cmath>
#include <limits>

#include "src/base/error.h"
#include "src/serve/include/latent/serve.h"
#include "tests/serve/exported_model.h"

namespace latent {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

/// An objective, and the tables that models of its kind have.
struct Kind {
  std::string name;
  FoldInSpec spec;
  bool biases = false, draws = false, implicit = false;
};

std::vector<Kind> kinds() {
  std::vector<Kind> out;
  FoldInSpec ratings;
  ratings.objective = FoldInSpec::kLeastSquares;
  ratings.ratings = ratings.has_bias = true;
  ratings.factors = ratings.bias = {0.02, 1, 0, 1};
  ratings.liked = 5;
  out.push_back({"ratings", ratings, true});
  out.push_back({"ratings with sets", ratings, true, false, true});
  FoldInSpec unbiased = ratings;
  unbiased.has_bias = false;
  out.push_back({"ratings without biases", unbiased, true});
  FoldInSpec pairs;
  pairs.objective = FoldInSpec::kLeastSquares;
  pairs.every_pair = 0.1;
  pairs.factors = {0.01, 1, 30, 0.7};
  out.push_back({"all pairs", pairs});
  pairs.every_pair = 1;
  pairs.confidence = 4;
  out.push_back({"confidences", pairs});
  pairs.weighted = true;
  pairs.liked = 3;
  out.push_back({"weighted confidences", pairs});
  FoldInSpec draws;
  draws.objective = FoldInSpec::kDraws;
  draws.liked = 5;
  out.push_back({"draws", draws, true, true});
  for (const bool cosine : {false, true}) {
    FoldInSpec sum;
    sum.objective = FoldInSpec::kSum;
    sum.cosine = cosine;
    out.push_back({cosine ? "mean direction" : "sum", sum});
    for (const char* loss : {"bpr", "hinge", "mse", "bce", "ccl", "softmax", "sl_at_k", "bsl"}) {
      FoldInSpec spec;
      spec.objective = FoldInSpec::kLoss;
      spec.loss = loss;
      spec.cosine = cosine;
      spec.popular_negatives = loss == std::string("bpr");
      spec.factors = {0.05, 1, 0, 1};
      spec.tau = 0.5, spec.tau2 = 1.1, spec.margin = 0.4, spec.negative_weight = 2;
      out.push_back({std::string(loss) + (cosine ? " of cosines" : ""), spec, !cosine});
    }
  }
  return out;
}

/// Exports a model of that kind.
void export_kind(Exported& e, const Kind& kind) {
  const int64_t users = e.users.size(), items = e.items.size();
  torch::manual_seed(8);
  const int64_t columns = kind.draws ? 3 * 2 : kFactors;
  e.tables.gamma_user = torch::randn({users, columns}) * 0.6;
  e.tables.gamma_item = torch::randn({items, columns}) * 0.6;
  if (kind.spec.cosine) e.tables.gamma_item /= e.tables.gamma_item.norm(2, 1, true);
  if (!kind.biases)
    e.tables.alpha = e.tables.beta_user = e.tables.beta_item = torch::Tensor();
  if (kind.draws)
    e.draws = {torch::randn({users, 3}), torch::randn({items, 3}) * 0.3, torch::rand({3}) + 0.5};
  for (size_t n = 0; n < e.item_rows.size(); ++n) e.item_rows[n] = static_cast<int32_t>(1 + n % 9);
  e.item_rows[12] = 0;
  ExportSpec spec = e.spec();
  spec.fold_in = kind.spec;
  if (kind.implicit) spec.implicit_item = torch::randn({items, columns}) * 0.2;
  export_torchscript(e.path, spec);
}

/// Items of the catalogue with and without ratings, one twice, one untrained.
struct History {
  std::vector<int64_t> items = {3, 40, 12, 7, 3, 88};
  std::vector<float> ratings = {5, 2, 4, kNone, 1, kNone};

  std::vector<RatedId> of(const Exported& e) const {
    std::vector<RatedId> out;
    for (size_t n = 0; n < items.size(); ++n)
      out.push_back({e.item_ids[items[n]], double{ratings[n]}});
    return out;
  }
};

void expect_alike(const Exported& e, const std::string& what) {
  const History history;
  torch::jit::Module script = torch::jit::load(e.path.string());
  const auto folded = script
                          .get_method("fold_in")({torch::tensor(history.items),
                                                  torch::tensor(history.ratings)})
                          .toTuple();
  const torch::Tensor factors = folded->elements()[0].toTensor().contiguous();
  const float bias = folded->elements()[1].toTensor().item<float>();
  const ServedModel model(e.path.string());
  const FoldedUser ours = model.fold_in(history.of(e));
  ASSERT_EQ(std::ssize(ours.factors), factors.numel()) << what;
  EXPECT_NEAR(ours.bias, bias, 1e-4) << what;
  for (int64_t k = 0; k < factors.numel(); ++k)
    EXPECT_NEAR(ours.factors[k], factors[k].item<float>(), 1e-4) << what << " " << k;
  EXPECT_EQ(ours.items, (std::vector<int32_t>{3, 7, 12, 40, 88})) << what;

  const serve::Model library(e.path.string());
  std::vector<serve::Interaction> given;
  for (const RatedId& had : history.of(e)) {
    given.push_back({had.item, std::nullopt});
    if (!std::isnan(had.rating)) given.back().rating = had.rating;
  }
  const serve::FoldedUser user = library.fold_in(given);
  EXPECT_EQ(user.factors, ours.factors) << what;
  EXPECT_EQ(library.fold_in(std::vector{given, given}, 2)[1].factors, ours.factors) << what;
  const auto list = library.recommend(user, 7);
  const ScoredIds same = model.recommend(ours, 7, /*exclude_seen=*/true);
  ASSERT_EQ(list.size(), 7u) << what;
  for (size_t n = 0; n < list.size(); ++n) {
    EXPECT_EQ(list[n].id, same[n].first) << what;
    for (const int64_t had : history.items) EXPECT_NE(list[n].id, e.item_ids[had]) << what;
  }
  EXPECT_EQ(library.rank(user, {list[3].id, list[0].id})[0].id, list[0].id) << what;
  EXPECT_NEAR(library.predict(user, list[0].id),
              std::clamp(list[0].score, 1.0, 5.0), 1e-4) << what;
  const serve::Explanation why = library.explain(given, list[0].id, 99);
  double sum = why.rest;
  for (const auto& [id, adds] : why.items) sum += adds;
  EXPECT_NEAR(sum, why.score, 1e-9) << what;
  EXPECT_NEAR(why.score, list[0].score, 1e-3) << what;
  EXPECT_EQ(why.items.size(), 4u) << what << ": trained items, each once";
}

TEST(FoldIn, IsTheSameInTorchScriptAndTheLibraryForEveryObjective) {
  for (const Kind& kind : kinds()) {
    Exported e;
    export_kind(e, kind);
    expect_alike(e, kind.name);
  }
}

TEST(FoldIn, TakesOthersFromALargeCatalogueAlike) {
  for (const Kind& kind : kinds()) {
    if (kind.spec.loss != "bpr" && kind.spec.loss != "bsl") continue;
    Exported e(/*user_count=*/5, /*item_count=*/6000);
    export_kind(e, kind);
    expect_alike(e, kind.name);
  }
}

TEST(FoldIn, DoesNotDependOnTheOrderOfTheHistory) {
  for (const Kind& kind : kinds()) {
    Exported e;
    export_kind(e, kind);
    const ServedModel model(e.path.string());
    std::vector<RatedId> history = History().of(e);
    history.erase(history.begin());  // the first of the two rows of one item
    const FoldedUser one = model.fold_in(history);
    std::ranges::reverse(history);
    EXPECT_EQ(model.fold_in(history).factors, one.factors) << kind.name;
  }
}

TEST(FoldIn, ByDrawsThatTheFileDoesNotHoldIsRefused) {
  Exported e;
  ExportSpec spec = e.spec();
  spec.fold_in.objective = FoldInSpec::kDraws;
  export_safetensors(e.path, spec);
  const ServedModel model(e.path.string());
  EXPECT_THROW((void)model.fold_in(History().of(e)), Error);
}

TEST(FoldIn, OfAnotherModelsUserIsRefused) {
  Exported e;
  export_kind(e, kinds()[0]);
  const ServedModel model(e.path.string());
  const FoldedUser wide{std::vector<float>(kFactors + 1), 0, {}};
  EXPECT_THROW((void)model.recommend(wide, 3, true), Error);
  EXPECT_THROW((void)model.predict(wide, e.item_ids[0]), Error);
}

}  // namespace
}  // namespace latent
