// What export_torchscript writes, read back: through torch::jit::load as any client does, and
// through ServedModel.
#include "src/serve/served_model.h"

#include <gtest/gtest.h>
#include <torch/script.h>

#include "src/base/error.h"
#include "src/base/file.h"
#include "tests/serve/exported_model.h"

namespace latent {
namespace {

using torch::jit::Module;

TEST(ExportedModel, FindsEveryIdAndNoOther) {
  for (const size_t items : {1, 2, 3, 64, 65, 300}) {
    const Exported e(/*user_count=*/30, items);
    Module model = torch::jit::load(e.path);
    const auto ask = [&](const char* method, c10::IValue argument) {
      return model.get_method(method)({argument});
    };
    for (size_t n = 0; n < items; ++n) {
      EXPECT_EQ(ask("find_item", e.item_ids[n]).toInt(), static_cast<int64_t>(n));
      EXPECT_EQ(ask("item_id", static_cast<int64_t>(n)).toStringRef(), e.item_ids[n]);
      EXPECT_EQ(ask("item_title", static_cast<int64_t>(n)).toStringRef(), e.titles[n]);
    }
    for (size_t n = 0; n < e.user_ids.size(); ++n) {
      EXPECT_EQ(ask("find_user", e.user_ids[n]).toInt(), static_cast<int64_t>(n));
      EXPECT_EQ(ask("user_id", static_cast<int64_t>(n)).toStringRef(), e.user_ids[n]);
      EXPECT_EQ(ask("find_item", e.user_ids[n]).toInt(), e.items.find(e.user_ids[n]));
    }
    for (const auto& id : e.strangers) {
      EXPECT_EQ(ask("find_user", id).toInt(), -1);
      EXPECT_EQ(ask("find_item", id).toInt(), -1);
    }
    for (const int64_t wrong : {int64_t{-1}, static_cast<int64_t>(items)})
      EXPECT_THROW(ask("item_id", wrong), std::exception);
  }
}

/// (index, score) as strings of ids, in the order of a list of pairs.
ScoredIds pairs_of(const c10::IValue& list) {
  ScoredIds out;
  for (const c10::IValue& pair : list.toListRef()) {
    const auto& parts = pair.toTupleRef().elements();
    out.emplace_back(parts[0].toStringRef(), parts[1].toDouble());
  }
  return out;
}

ScoredIds pairs_of(const c10::IValue& both, const std::vector<std::string>& ids) {
  const auto& parts = both.toTupleRef().elements();
  const torch::Tensor index = parts[0].toTensor(), score = parts[1].toTensor();
  ScoredIds out;
  for (int64_t n = 0; n < index.size(1); ++n) {
    const auto at = index[0][n].item<int64_t>();
    if (at >= 0) out.emplace_back(ids[at], score[0][n].item<float>());
  }
  return out;
}

TEST(ExportedModel, AnswersByIdWhatItAnswersByIndex) {
  const Exported e;
  Module model = torch::jit::load(e.path);
  const ServedModel served(e.path);
  const auto one = [](size_t n) { return torch::tensor({static_cast<int64_t>(n)}); };
  for (size_t u = 0; u < e.user_ids.size(); u += 3) {
    const std::string& user = e.user_ids[u];
    for (const bool exclude : {false, true}) {
      const auto expected =
          pairs_of(model.get_method("recommend")({one(u), 9, exclude}), e.item_ids);
      EXPECT_EQ(pairs_of(model.get_method("recommend_id")({user, 9, exclude})), expected);
      expect_close(served.recommend(user, 9, exclude), expected);
    }
    EXPECT_EQ(pairs_of(model.get_method("similar_users_id")({user, 5})),
              pairs_of(model.get_method("similar_users")({one(u), 5}), e.user_ids));
    const size_t i = u * 7 % e.item_ids.size();
    const std::string& item = e.item_ids[i];
    EXPECT_EQ(pairs_of(model.get_method("similar_items_id")({item, 5})),
              pairs_of(model.get_method("similar_items")({one(i), 5}), e.item_ids));
    const double score = model.forward({one(u), one(i)}).toTensor().item<float>();
    EXPECT_EQ(model.get_method("predict_id")({user, item}).toDouble(), score);
    EXPECT_NEAR(served.predict(user, item), score, 1e-5);
    const std::vector<std::string> some = {item, e.item_ids.front(), e.item_ids.back()};
    const int64_t last = e.items.size() - 1;
    const torch::Tensor indices = torch::tensor({static_cast<int64_t>(i), int64_t{0}, last});
    expect_close(served.rank_items(user, some),
                 pairs_of(model.get_method("rank_items")({one(u), indices}), e.item_ids));
    expect_close(served.similar_items(item, 5),
                 pairs_of(model.get_method("similar_items")({one(i), 5}), e.item_ids));
    expect_close(served.similar_users(user, 5),
                 pairs_of(model.get_method("similar_users")({one(u), 5}), e.user_ids));
  }
}

/// The file as latent wrote it before ids were tensors.
void write_format_1(const Exported& e, const std::string& path) {
  Module model = torch::jit::load(e.path), old("LatentModel");
  for (const auto& p : model.named_parameters()) old.register_parameter(p.name, p.value, false);
  for (const char* name : {"seen_start", "seen_items"})
    old.register_buffer(name, model.attr(name).toTensor());
  for (const char* name : {"user_count", "item_count"})
    old.register_attribute(name, c10::IntType::get(), model.attr(name));
  for (const char* name : {"user_ids", "item_ids", "item_titles"})
    old.register_attribute(name, c10::ListType::ofStrings(), model.attr(name));
  for (const char* name : {"rating_low", "rating_high"})
    old.register_attribute(name, c10::FloatType::get(), model.attr(name));
  old.define(R"(
def recommend_id(self, user: str, k: int, exclude_seen: bool) -> List[Tuple[str, float]]:
    return [(user, 0.5)]
def predict_id(self, user: str, item: str) -> float:
    return 0.25
)");
  old.save(path, {{"latent.json", R"({"format":1})"}});
}

void expect_same_data(const ServedModel& model, const Exported& e) {
  ASSERT_EQ(model.user_ids().size(), e.users.size());
  ASSERT_EQ(model.item_ids().size(), e.items.size());
  for (int32_t u = 0; u < e.users.size(); ++u) {
    EXPECT_EQ(model.user_ids()[u], e.user_ids[u]);
    EXPECT_EQ(model.find_user(e.user_ids[u]), u);
    EXPECT_TRUE(std::ranges::equal(model.seen().of(u), e.seen.of(u)));
  }
  for (int32_t i = 0; i < e.items.size(); ++i) {
    EXPECT_EQ(model.item_ids()[i], e.item_ids[i]);
    EXPECT_EQ(model.find_item(e.item_ids[i]), i);
    EXPECT_EQ(model.title(i), e.titles[i]);
    EXPECT_EQ(model.title(e.item_ids[i]), e.titles[i]);
    const float score = (e.tables.alpha[0] + e.tables.beta_user[0][0] + e.tables.beta_item[i][0] +
                         e.tables.gamma_user[0].dot(e.tables.gamma_item[i]))
                            .item<float>();
    EXPECT_NEAR(model.view().score(0, i), score, 1e-5);
  }
  for (const auto& id : e.strangers) {
    EXPECT_EQ(model.find_user(id), -1);
    EXPECT_EQ(model.title(id), "");
  }
}

TEST(ServedModel, ReadsIdsTitlesAndTables) {
  const Exported e;
  expect_same_data(ServedModel(e.path), e);
}

TEST(ServedModel, ReadsFilesOfTheFirstFormat) {
  const Exported e;
  write_format_1(e, e.path);
  const ServedModel model(e.path);
  expect_same_data(model, e);
  EXPECT_EQ(model.predict(e.user_ids[0], e.item_ids[0]), model.view().predict(0, 0))
      << "what its methods say is nobody's business: no code of a file is run";
}

TEST(ServedModel, NamesAnUnknownId) {
  const Exported e;
  const ServedModel model(e.path);
  const auto complaint = [](const auto& ask) {
    try {
      ask();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(complaint([&] { model.recommend("nobody", 3, true); }),
            e.path.string() + ": unknown user 'nobody'");
  EXPECT_EQ(complaint([&] { model.predict(e.user_ids[0], "nothing"); }),
            e.path.string() + ": unknown item 'nothing'");
}

TEST(ServedModel, RefusesAFileCutShort) {
  const Exported e;
  const std::string whole = read_file(e.path);
  for (const double part : {0.0, 0.01, 0.3, 0.6, 0.9, 0.99, 0.9999}) {
    write_file(e.path, std::string_view(whole).substr(
                           0, static_cast<size_t>(part * static_cast<double>(whole.size()))));
    EXPECT_THROW(ServedModel(e.path.string()), Error) << part;
  }
  write_file(e.path, std::string_view(whole).substr(0, whole.size() - 1));
  EXPECT_THROW(ServedModel(e.path.string()), Error);
}

TEST(ExportTorchscript, WritesTablesThatAreViewsOrOfDoubles) {
  Exported e;
  const torch::Tensor wide = torch::randn({e.items.size(), kFactors + 5});
  e.tables.gamma_item = wide.narrow(1, 2, kFactors);
  e.tables.beta_item = torch::randn({2 * e.items.size(), 1}).narrow(0, 7, e.items.size());
  e.tables.beta_user = torch::randn({e.users.size(), 1}, torch::kDouble);
  e.write();
  EXPECT_LT(std::filesystem::file_size(e.path), 200'000u);
  Module model = torch::jit::load(e.path);
  EXPECT_TRUE(model.attr("gamma_item").toTensor().equal(e.tables.gamma_item));
  EXPECT_TRUE(model.attr("beta_item").toTensor().equal(e.tables.beta_item.flatten()));
  EXPECT_TRUE(
      model.attr("beta_user").toTensor().equal(e.tables.beta_user.flatten().to(torch::kFloat)));
}

TEST(ExportedModel, SaysItsDefaultWhereTheScoreIsExactlyZero) {
  Exported e;
  e.tables.gamma_user[3].zero_();
  e.tables.alpha = torch::zeros({1});
  e.tables.beta_user = e.tables.beta_item = torch::Tensor();
  for (const std::optional<double> value : {std::optional<double>(), std::optional<double>(3.25)}) {
    e.default_prediction = value;
    e.write();
    Module model = torch::jit::load(e.path);
    const torch::Tensor users = torch::tensor({3, 4}), items = torch::tensor({7, 7});
    const torch::Tensor score = model.forward({users, items}).toTensor();
    EXPECT_EQ(score[0].item<float>(), value.value_or(1)) << "1 is where the range begins";
    EXPECT_NE(score[1].item<float>(), 3.25F);
    const ServedModel served(e.path);
    EXPECT_EQ(served.predict(e.user_ids[3], e.item_ids[7]), value.value_or(1));
  }
}

TEST(ExportTorchscript, ListsIdsOfSmallModelsOnly) {
  for (const bool small : {true, false}) {
    Exported e;
    while (!small && e.users.size() <= kListedIds)
      e.users.add("u" + std::to_string(e.users.size()));
    e.seen.start.resize(e.users.size() + 1, e.seen.start.back());
    e.user_rows.resize(e.users.size(), 1);
    e.tables.gamma_user = torch::zeros({e.users.size(), kFactors});
    e.tables.beta_user = torch::zeros({e.users.size(), 1});
    e.write();
    const Module model = torch::jit::load(e.path);
    for (const char* name : {"user_ids", "item_ids", "user_index", "item_index", "item_titles"})
      EXPECT_EQ(model.hasattr(name), small) << name;
    const ServedModel served(e.path);
    EXPECT_EQ(served.find_user(std::string(e.users.name(e.users.size() - 1))), e.users.size() - 1);
    EXPECT_EQ(served.title(e.items.size() - 1), e.titles.back());
  }
}

TEST(ExportTorchscript, SaysWhatKeepsItFromWriting) {
  const Exported e;
  EXPECT_THROW(export_torchscript("/nonexistent-folder/model.pt", e.spec()), Error);
}

TEST(ServedModel, KnowsTheDeviationThatTorchScriptComputes) {
  Exported e;
  e.draws = {torch::randn({e.users.size(), 3}), torch::randn({e.items.size(), 3}),
             torch::rand({3}) + 0.1};  // three draws of one factor each
  e.write();
  const ServedModel served(e.path);
  Module model = torch::jit::load(e.path);
  for (int n = 0; n < 30; ++n) {
    const std::string user = e.user_ids[n % e.users.size()], item = e.item_ids[7 * n % 300];
    EXPECT_NEAR(served.predict_sd(user, item),
                model.get_method("predict_id_sd")({user, item}).toDouble(), 1e-5);
  }
  e.draws.reset();
  e.write();
  EXPECT_THROW(ServedModel(e.path.string()).predict_sd(e.user_ids[0], e.item_ids[0]), Error);
}

}  // namespace
}  // namespace latent
